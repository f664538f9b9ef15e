package eventstream

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
)

const (
	// nackDelay spaces the redeliveries of an event whose handler cannot do
	// its work for the moment.
	nackDelay = time.Second
	// maxIdle is how long an event may be worked on before another process
	// may have it; handlers of events take milliseconds.
	maxIdle = 30 * time.Second
	// groupCheck is how often a group that Redis lost is made again: without
	// it redisstream only logs and never delivers again.
	groupCheck = 2 * time.Second
)

// NewSubscriber reads every event once per consumer group, over all
// processes. It owns the client.
func NewSubscriber(client redis.UniversalClient, group string, logger watermill.LoggerAdapter) (message.Subscriber, error) {
	s, err := redisstream.NewSubscriber(redisstream.SubscriberConfig{
		Client: client, Unmarshaller: marshaller{}, ConsumerGroup: group, NackResendSleep: nackDelay, MaxIdleTime: maxIdle,
		BlockTime: time.Second, DisableIndefiniteInitialBlock: true,
	}, logger)
	if err != nil {
		return nil, fmt.Errorf("creating the event subscriber %s: %w", group, err)
	}
	return s, nil
}

// KeepGroups makes the consumer groups, and makes them again when Redis comes
// back without them, until ctx ends. A new group begins with the events that
// are still kept, so none is missed.
func KeepGroups(ctx context.Context, client redis.UniversalClient, log *slog.Logger, groups ...string) {
	tick := time.NewTicker(groupCheck)
	defer tick.Stop()
	for {
		for _, group := range groups {
			err := client.XGroupCreateMkStream(ctx, Name, group, "0").Err()
			if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") && ctx.Err() == nil {
				log.Debug("consumer group not checked", "group", group, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
