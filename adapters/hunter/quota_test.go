package hunter_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/hunter"
	"leadstream/domain/fault"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

func TestQuotaUsedUpStopsUntilTheMonthEnds(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 1)
	known := leads(town, true)
	for i, want := range []string{"found", "quota_exhausted", "quota_exhausted"} {
		if got, err := r.provider.Contacts(t.Context(), known[i]); err != nil || got.Outcome != want {
			t.Errorf("search %d: %+v, %v", i, got, err)
		}
	}
	if n := town.Hits("hunter.example"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	q, err := r.quota.Quota(t.Context())
	if err != nil || q.Provider != "hunter" || q.Month != "2026-11" || q.Used != 1 || q.Limit != 1 || !q.ResetsAt.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("quota %+v, %v", q, err)
	}
	r.clock.Advance(8 * 24 * time.Hour)
	if got, _ := r.provider.Contacts(t.Context(), known[1]); got.Outcome != "found" {
		t.Errorf("in the next month: %+v", got)
	}
}

// TestHuntersOwnResetIsKept: its periods are not months.
func TestHuntersOwnResetIsKept(t *testing.T) {
	t.Parallel()
	for account, reset := range map[string]time.Time{
		`{"data":{"reset_date":"2026-12-09"}}`: time.Date(2026, 12, 9, 0, 0, 0, 0, time.UTC),
		`{"data":{"reset_date":"2026-11-01"}}`: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), // past
		`{"data":{"reset_date":"soon"}}`:       time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		`gone`:                                 time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	} {
		s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/account" {
				says(200, account)(w, r)
				return
			}
			says(429, errorBody("too_many_requests"))(w, r)
		})
		for range 3 {
			if got, err := s.provider.Contacts(t.Context(), lead("http://shop.example/")); err != nil || got.Outcome != "quota_exhausted" {
				t.Fatalf("%s: %+v, %v", account, got, err)
			}
		}
		if n := s.searches.Load(); n != 1 {
			t.Errorf("%s: searched %d times", account, n)
		}
		q, err := s.quota.Quota(t.Context())
		if err != nil || q.Used != q.Limit || !q.ResetsAt.Equal(reset) {
			t.Errorf("%s: quota %+v, %v; want a reset at %s", account, q, err, reset)
		}
		s.clock.Advance(reset.Sub(s.clock.Now()))
		_, _ = s.provider.Contacts(t.Context(), lead("http://shop.example/"))
		if n := s.searches.Load(); n != 2 {
			t.Errorf("%s: searched %d times after the reset, want 2", account, n)
		}
	}
}

// TestQuotaIsNeverExceededByRacers has as many clients as a fleet has processes,
// each of which gives every third search back.
func TestQuotaIsNeverExceededByRacers(t *testing.T) {
	t.Parallel()
	const limit = 50
	db := testenv.SharedRedis(t)
	var held, most atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		quota := hunter.NewMonthlyQuota(db.Client(), limit, func() time.Time { return noon })
		wg.Go(func() {
			for i := range 40 {
				r, ok, err := quota.Reserve(t.Context())
				if err != nil {
					t.Error(err)
				}
				if !ok {
					continue
				}
				if n := held.Add(1); n > most.Load() {
					most.Store(n)
				}
				if i%3 == 0 {
					held.Add(-1) // before Redis counts it as free
					if err := quota.GiveBack(t.Context(), r); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if held.Load() != limit || most.Load() > limit {
		t.Errorf("%d held in the end, %d at most; the limit is %d", held.Load(), most.Load(), limit)
	}
}

func TestGivenBackToTheMonthItCameFrom(t *testing.T) {
	t.Parallel()
	client := testenv.SharedRedis(t).Client()
	clock := testenv.NewClock(time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC))
	quota := hunter.NewMonthlyQuota(client, 5, clock.Now)
	december, _, err := quota.Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	if _, ok, err := quota.Reserve(t.Context()); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 2 { // the second has nothing to give
		if err := quota.GiveBack(t.Context(), december); err != nil {
			t.Fatal(err)
		}
	}
	for month, want := range map[string]string{"2026-12": "0", "2027-01": "1"} {
		key := "leadstream:quota:hunter:" + month
		if got := client.Get(t.Context(), key).Val(); got != want {
			t.Errorf("%s: %q used, want %s", month, got, want)
		}
		if left := client.TTL(t.Context(), key).Val(); left < 31*24*time.Hour {
			t.Errorf("%s is kept for %s", month, left)
		}
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	client := server.Client()
	quota := hunter.NewMonthlyQuota(client, 5, func() time.Time { return noon })
	server.Kill()
	if _, _, err := quota.Reserve(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("reserving: %v", err)
	}
	if _, err := quota.Quota(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("reading: %v", err)
	}
	if err := quota.Exhaust(t.Context(), noon); !fault.Is(err, fault.Unavailable) {
		t.Errorf("exhausting: %v", err)
	}
}
