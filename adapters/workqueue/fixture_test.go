package workqueue_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

var bg = context.Background()

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// xaddOld puts a job's entry on its stream under an id of long ago.
func xaddOld(stream, entryID, jobID, topic string) func(redis.Pipeliner) error {
	return func(p redis.Pipeliner) error {
		p.XAdd(bg, &redis.XAddArgs{Stream: stream, ID: entryID, Values: []string{"id", jobID}})
		p.HSet(bg, "leadstream:{"+topic+"}:job:"+jobID, "sid", entryID)
		return nil
	}
}
