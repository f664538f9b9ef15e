package requestmemory_test

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"

	"leadstream/adapters/requestmemory"
	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.LeakFree(m)) }

func TestRequestIsRunOnce(t *testing.T) {
	t.Parallel()
	client := testenv.SharedRedis(t).Client()
	m := requestmemory.New(client)
	claims := make(chan string, 50)
	var wg sync.WaitGroup
	for range cap(claims) {
		wg.Go(func() {
			r, err := m.Recall(t.Context(), "k", "f")
			if err != nil || r.Other || r.Answer != nil {
				t.Errorf("%+v, %v", r, err)
			}
			if r.Claim != "" {
				claims <- r.Claim
			}
		})
	}
	wg.Wait()
	if len(claims) != 1 {
		t.Fatalf("%d requests may run", len(claims))
	}
	answer := []byte("202\n\nJob\x00 \xff queued")
	if err := m.Remember(t.Context(), "k", <-claims, answer); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r, err := m.Recall(t.Context(), "k", "f"); err != nil || !bytes.Equal(r.Answer, answer) || r.Claim != "" || r.Other {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if r, err := m.Recall(t.Context(), "k", "another body"); err != nil || !r.Other || r.Answer != nil || r.Claim != "" {
		t.Errorf("%+v, %v", r, err)
	}
	keys := client.Keys(t.Context(), "*").Val()
	if len(keys) != 1 {
		t.Fatalf("keys %v", keys)
	}
	if left := client.PTTL(t.Context(), keys[0]).Val(); left < requestmemory.Keep-time.Minute || left > requestmemory.Keep {
		t.Errorf("kept for %s", left)
	}
}

func TestForgottenRequestMayRunAgain(t *testing.T) {
	t.Parallel()
	m := requestmemory.New(testenv.SharedRedis(t).Client())
	first, err := m.Recall(t.Context(), "k", "f")
	if err != nil || first.Claim == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if err := m.Forget(t.Context(), "k", first.Claim); err != nil {
		t.Fatal(err)
	}
	second, err := m.Recall(t.Context(), "k", "g")
	if err != nil || second.Claim == "" {
		t.Fatalf("%+v, %v", second, err)
	}
	// The first one's claim counts no more.
	if err := m.Remember(t.Context(), "k", first.Claim, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := m.Forget(t.Context(), "k", first.Claim); err != nil {
		t.Fatal(err)
	}
	if r, err := m.Recall(t.Context(), "k", "g"); err != nil || r.Claim != "" || r.Answer != nil || r.Other {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestClaimOfTheDeadRunsOut asks Redis how long a claim lasts.
func TestClaimOfTheDeadRunsOut(t *testing.T) {
	t.Parallel()
	client := testenv.SharedRedis(t).Client()
	if _, err := requestmemory.New(client).Recall(t.Context(), "k", "f"); err != nil {
		t.Fatal(err)
	}
	if left := client.PTTL(t.Context(), client.Keys(t.Context(), "*").Val()[0]).Val(); left <= 10*time.Second || left > time.Minute {
		t.Errorf("a claim lasts %s", left)
	}
}

func TestOutageIsUnavailable(t *testing.T) {
	t.Parallel()
	client := testenv.SharedRedis(t).Client()
	m := requestmemory.New(client)
	_ = client.Close()
	_, err := m.Recall(t.Context(), "k", "f")
	for _, err := range []error{err, m.Remember(t.Context(), "k", "c", nil), m.Forget(t.Context(), "k", "c")} {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("error %v", err)
		}
	}
}
