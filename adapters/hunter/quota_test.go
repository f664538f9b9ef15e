package hunter_test

import (
	"context"
	"fmt"
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
	if n := searches(town); n != 1 {
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
		s := newStand(t, says(429, errorBody("too_many_requests")), says(200, account))
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

func TestReservationsEndAsSpentOrGivenBack(t *testing.T) {
	t.Parallel()
	clock := testenv.NewClock(time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC))
	quota := hunter.NewQuota(testenv.SharedRedis(t).Client(), hunter.Searches, 5, clock.Now)
	reserve := func(want bool) hunter.Reservation {
		t.Helper()
		r, ok, err := quota.Reserve(t.Context())
		if err != nil || ok != want {
			t.Fatalf("%v, %v", ok, err)
		}
		return r
	}
	used := func(want int) {
		t.Helper()
		if q, err := quota.Quota(t.Context()); err != nil || q.Used != want {
			t.Errorf("%d used, want %d; %v", q.Used, want, err)
		}
	}
	given, spent, lost := reserve(true), reserve(true), reserve(true)
	used(3)
	for range 2 { // the second time there is nothing left to settle
		for r, cost := range map[hunter.Reservation]bool{given: false, spent: true} {
			if err := quota.Settle(t.Context(), r, cost); err != nil {
				t.Fatal(err)
			}
		}
	}
	used(2)
	clock.Advance(time.Second) // the month ends; what is held may be spent in the next
	used(1)
	clock.Advance(time.Hour)
	used(1) // who held it has died
	if err := quota.Settle(t.Context(), lost, false); err != nil {
		t.Fatal(err)
	}
	used(1)
	for range 4 {
		reserve(true)
	}
	reserve(false)
	if q, _ := quota.Quota(t.Context()); q.Month != "2027-01" || !q.ResetsAt.Equal(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", q)
	}
}

// TestReconciled takes over what others have used, once an hour.
func TestReconciled(t *testing.T) {
	t.Parallel()
	clock := testenv.NewClock(noon)
	client := testenv.SharedRedis(t).Client()
	quota := hunter.NewQuota(client, hunter.Searches, 100, clock.Now)
	asked, reset := 0, time.Date(2026, 12, 9, 0, 0, 0, 0, time.UTC)
	account := func(used int, meanwhile func()) func(context.Context) (hunter.Usage, error) {
		return func(context.Context) (hunter.Usage, error) {
			asked++
			meanwhile()
			return hunter.Usage{Used: used, Resets: reset}, nil
		}
	}
	spend := func() {
		r, _, err := quota.Reserve(t.Context())
		if err == nil {
			err = quota.Settle(t.Context(), r, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		used      int
		meanwhile func()
		again     bool // an hour later
		want      int
	}{
		{40, func() {}, false, 40},
		{70, func() {}, false, 40}, // within the hour
		{70, func() {}, true, 70},
		{70, spend, true, 71}, // overtaken
		{60, func() {}, true, 60},
	} {
		if step.again {
			client.Del(t.Context(), "leadstream:quota:{hunter:searches}:reconciled")
		}
		if err := quota.Reconcile(t.Context(), account(step.used, step.meanwhile)); err != nil {
			t.Fatal(err)
		}
		if q, err := quota.Quota(t.Context()); err != nil || q.Used != step.want || !q.ResetsAt.Equal(reset) {
			t.Errorf("%d: %+v, %v; want %d", i, q, err, step.want)
		}
	}
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
	clock.Advance(reset.Sub(noon))
	if q, _ := quota.Quota(t.Context()); q.Used != 0 || !q.ResetsAt.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("after Hunter's period: %+v", q)
	}
}

// TestProviderReconciles knows of searches that a person made.
func TestProviderReconciles(t *testing.T) {
	t.Parallel()
	s := newStand(t, says(200, emailsBody(`{"value":"a@shop.example"}`)),
		says(200, `{"data":{"reset_date":"2026-12-09","requests":{"searches":{"used":5,"available":5},"credits":{"used":7.5}}}}`))
	for i, want := range []string{"found", "quota_exhausted"} {
		if got, err := s.provider.Contacts(t.Context(), lead(fmt.Sprintf("http://shop%d.example/", i))); err != nil || got.Outcome != want {
			t.Errorf("%d: %+v, %v", i, got, err)
		}
	}
	if n := s.searches.Load(); n != 1 {
		t.Errorf("searched %d times", n)
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	client := server.Client()
	quota := hunter.NewQuota(client, hunter.Searches, 5, func() time.Time { return noon })
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
