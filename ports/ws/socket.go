package ws

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
)

const (
	pingEvery   = 20 * time.Second
	pongWithin  = 2*pingEvery + 5*time.Second
	writeWithin = 5 * time.Second
	maxInbound  = 4 << 10
)

// Mount serves the feed at /ws. Browsers must come from the server's own
// origin or one of the allowed; other clients send none.
func (f *Feed) Mount(router fiber.Router, allowedOrigins []string) {
	router.Use("/ws", func(c *fiber.Ctx) error {
		if !websocket.IsWebSocketUpgrade(c) {
			return fiber.NewError(fiber.StatusUpgradeRequired, "this path serves WebSocket")
		}
		if !originAllowed(c.Get(fiber.HeaderOrigin), c.Get(fiber.HeaderHost), allowedOrigins) {
			return fiber.NewError(fiber.StatusForbidden, "this origin is not allowed")
		}
		if err := (filter{Types: parseTypes(c.Query("types"))}).validate(); err != nil {
			return fiber.NewError(fiber.StatusBadRequest, "types: "+err.Error())
		}
		return c.Next()
	})
	router.Get("/ws", websocket.New(f.serve))
}

func originAllowed(origin, host string, allowed []string) bool {
	if origin == "" || slices.Contains(allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// serve is one connection, from upgrade to close.
func (f *Feed) serve(conn *websocket.Conn) {
	c := newClient(filter{Types: parseTypes(conn.Query("types")), JobID: conn.Query("jobId"), BatchID: conn.Query("batchId")})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer c.drop(closeNormal, "")
		readSubscriptions(conn, c)
	}()
	since, _, _ := strings.Cut(conn.Query("since"), marker)
	if f.catchUp(ctx, conn, c, since) {
		f.pump(conn, c)
	}
	f.leave(c)
	code, reason := c.end()
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
	_ = conn.Close()
	<-done
}

// catchUp sends what came after since: from memory if it is there, else from
// the stream until memory has it. Then the client is live.
func (f *Feed) catchUp(ctx context.Context, conn *websocket.Conn, c *client, since string) bool {
	last := since
	for {
		missed, found := f.join(c, last)
		if found {
			return sendAll(conn, c, missed)
		}
		err := f.stream.Follow(ctx, last, func(e Event) error {
			if err := send(conn, c, e); err != nil {
				return err
			}
			last = e.ID
			if f.remembers(last) {
				return errMet
			}
			return nil
		})
		switch {
		case errors.Is(err, ErrGap):
			gap := newEvent("", "stream:gap", map[string]string{"since": since})
			if write(conn, gap.Frame) != nil {
				return false
			}
			last = ""
		case !errors.Is(err, errMet):
			return false
		}
	}
}

// errMet says that a client has read the stream up to what is in memory.
var errMet = errors.New("caught up")

func (f *Feed) remembers(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.ring, func(e Event) bool { return e.ID == id })
}

func sendAll(conn *websocket.Conn, c *client, events []Event) bool {
	for _, e := range events {
		if send(conn, c, e) != nil {
			return false
		}
	}
	return true
}

func send(conn *websocket.Conn, c *client, e Event) error {
	c.mu.Lock()
	wants := c.filter.wants(e, scopeOf(e))
	c.mu.Unlock()
	if !wants {
		return nil
	}
	return write(conn, e.Frame)
}

// pump sends frames and pings until the client is dropped.
func (f *Feed) pump(conn *websocket.Conn, c *client) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case frame := <-c.frames:
			if write(conn, frame) != nil {
				c.drop(closeTryLater, reasonTooSlow)
				return
			}
		case <-ping.C:
			if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin)) != nil {
				return
			}
		case <-c.gone:
			return
		}
	}
}

func write(conn *websocket.Conn, frame []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, frame)
}

// readSubscriptions takes what the client sends until it is gone.
func readSubscriptions(conn *websocket.Conn, c *client) {
	conn.SetReadLimit(maxInbound)
	alive := func() error { return conn.SetReadDeadline(time.Now().Add(pongWithin)) }
	conn.SetPongHandler(func(string) error { return alive() })
	for alive() == nil {
		kind, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if kind != websocket.TextMessage {
			continue
		}
		wanted, err := parseSubscribe(raw)
		if err != nil {
			c.drop(closePolicy, err.Error())
			return
		}
		c.subscribe(wanted)
	}
}
