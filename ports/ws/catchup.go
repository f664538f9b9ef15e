package ws

import (
	"context"
	"errors"
)

// catchUp sends what came after since: from memory if it is there, else from
// the stream until memory has it. Then the client is live, or dropped.
func (f *Feed) catchUp(l *line, c *client, since string) {
	last := since
	for !c.dropped() {
		missed, found := f.join(c, last)
		if found {
			for i := range missed {
				send(l, c, missed[i])
			}
			return
		}
		var err error
		last, err = f.replay(l, c, last)
		switch {
		case err == nil:
		case errors.Is(err, ErrGap):
			gap := newEvent("", "stream:gap", map[string]string{"since": since})
			c.send(l, newOutgoing(gap))
			last = ""
		default:
			f.log.Warn("event stream not readable for a client", "error", err)
			c.drop(closeInternal, "events cannot be read")
		}
	}
}

// replay sends events from the stream until client and feed have met at one,
// and answers which was sent last. They meet where the client comes to an
// event that the feed has in memory, or the feed to the client's last.
func (f *Feed) replay(l *line, c *client, since string) (last string, err error) {
	ctx, meet := context.WithCancel(c.ctx)
	defer meet()
	last = since
	if f.approach(c, last, meet) {
		return last, nil
	}
	err = f.stream.Follow(ctx, last, func(e Event) error {
		send(l, c, e)
		last = e.ID
		if c.dropped() || f.approach(c, last, meet) {
			return errMet
		}
		return nil
	})
	if errors.Is(err, errMet) || ctx.Err() != nil {
		err = nil
	}
	return last, err
}

var errMet = errors.New("the client has caught up")

func send(l *line, c *client, e Event) {
	if o := newOutgoing(e); !c.dropped() && c.wants(o) {
		c.send(l, o)
	}
}
