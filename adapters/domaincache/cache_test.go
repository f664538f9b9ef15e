package domaincache_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/domaincache"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.LeakFree(m)) }

func newCache(t *testing.T, db testenv.RedisDB, provider string) *domaincache.Cache {
	t.Helper()
	return domaincache.New(db.Client(), provider, time.Now, (&testenv.Logs{}).Logger())
}

// counter answers how often it was asked.
type counter struct {
	n    atomic.Int64
	keep time.Duration
	err  error
}

func (c *counter) ask(context.Context) ([]byte, time.Duration, error) {
	return strconv.AppendInt(nil, c.n.Add(1), 10), c.keep, c.err
}

func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	db := testenv.SharedRedis(t)
	c := newCache(t, db, "site")
	source := &counter{keep: time.Hour}
	for i, step := range []struct {
		cache  *domaincache.Cache
		domain string
		force  bool
		want   string
	}{
		{c, "a.example", false, "1"}, {c, "a.example", false, "1"}, {newCache(t, db, "site"), "a.example", false, "1"},
		{c, "b.example", false, "2"}, {newCache(t, db, "other"), "a.example", false, "3"},
		{c, "a.example", true, "4"}, {c, "a.example", false, "4"},
	} {
		got, err := step.cache.Once(t.Context(), step.domain, step.force, source.ask)
		if err != nil || string(got) != step.want {
			t.Errorf("%d: %q, %v; want %s", i, got, err, step.want)
		}
	}
	if ttl := db.Client().TTL(t.Context(), "leadstream:answers:site:a.example").Val(); ttl <= 59*time.Minute || ttl > time.Hour {
		t.Errorf("kept for %s", ttl)
	}
}

func TestErrorsAndPassingAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	c := newCache(t, testenv.SharedRedis(t), "site")
	down := errors.New("down")
	source := &counter{keep: time.Hour, err: down}
	for range 2 {
		if _, err := c.Once(t.Context(), "a.example", false, source.ask); !errors.Is(err, down) {
			t.Error(err)
		}
	}
	source.err, source.keep = nil, 0
	for i := range 2 {
		if got, err := c.Once(t.Context(), "a.example", false, source.ask); err != nil || string(got) != strconv.Itoa(3+i) {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestTogetherAskedOnce has as many caches as a fleet has processes.
func TestTogetherAskedOnce(t *testing.T) {
	t.Parallel()
	db := testenv.SharedRedis(t)
	var asked atomic.Int64
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		c := newCache(t, db, "site")
		wg.Go(func() {
			got, err := c.Once(t.Context(), "a.example", false, func(context.Context) ([]byte, time.Duration, error) {
				asked.Add(1)
				<-release
				return []byte("x"), time.Hour, nil
			})
			if err != nil || string(got) != "x" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	testenv.Eventually(t, 5*time.Second, func() bool { return asked.Load() == 1 }, "one asks")
	close(release)
	wg.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	db := testenv.SharedRedis(t)
	c := newCache(t, db, "site")
	release := make(chan struct{})
	var wg sync.WaitGroup
	claimed := make(chan struct{})
	wg.Go(func() {
		_, _ = c.Once(t.Context(), "a.example", false, func(context.Context) ([]byte, time.Duration, error) {
			close(claimed)
			<-release
			return nil, 0, nil
		})
	})
	<-claimed
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := c.Once(ctx, "a.example", false, func(context.Context) ([]byte, time.Duration, error) {
		t.Error("asked though another does")
		return nil, 0, nil
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	close(release)
	wg.Wait()
}

// TestWithoutRedis costs a question, not the job.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	logs := &testenv.Logs{}
	c := domaincache.New(server.Client(), "site", time.Now, logs.Logger())
	server.Kill()
	source := &counter{keep: time.Hour}
	if got, err := c.Once(t.Context(), "a.example", false, source.ask); err != nil || string(got) != "1" || !logs.Has("level=WARN") {
		t.Errorf("%q, %v, %q", got, err, logs.Lines())
	}
}
