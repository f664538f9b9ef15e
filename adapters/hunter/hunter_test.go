package hunter_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"leadstream/adapters/hunter"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type rig struct {
	town     *sandbox.Server
	quota    *hunter.MonthlyQuota
	provider *hunter.Provider
	logs     *bytes.Buffer
	mu       sync.Mutex
	now      time.Time
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func newRig(t *testing.T, key string, limit int) *rig {
	t.Helper()
	town, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = town.Close() })
	r := &rig{town: town, logs: &bytes.Buffer{}, now: noon}
	r.quota = hunter.NewMonthlyQuota(testenv.Redis(t).Client(), limit, r.clock)
	r.provider = hunter.New(hunter.Options{
		HTTP: outbound.NewClient(outbound.Overrides{{Pattern: "*.example", Addr: town.Addr()}}, 2*time.Second), BaseURL: "http://hunter.example",
		Key: key, Quota: r.quota, BreakerFailures: 3, BreakerOpenFor: 200 * time.Millisecond, Now: r.clock, Logger: slog.New(slog.NewTextHandler(r.logs, nil)),
	})
	return r
}

// lead is a business of the town whose domain Hunter knows, or does not.
func (r *rig) lead(known bool) business.Business {
	for _, b := range r.town.Town().Businesses() {
		if b.Site != sandbox.NoSite && (len(b.Hunter) > 0) == known {
			return business.Business{ID: 1, Place: business.Place{Name: b.Name, Website: b.Website()}}
		}
	}
	panic("the town has no such business")
}

func (r *rig) used(t *testing.T) int {
	t.Helper()
	q, err := r.quota.Quota(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return q.Used
}

func TestFinds(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey, 10)
	got, err := r.provider.Contacts(t.Context(), r.lead(true))
	if err != nil || got.Outcome != "found" || len(got.Contacts) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	c := got.Contacts[0]
	if c.Kind != business.Email || !c.Personal || c.Name == "" || c.Position == "" || c.Confidence < 70 || c.SourceURL == "" || c.Verification != "valid" || c.Provider != "hunter" {
		t.Errorf("contact %+v", c)
	}
	if n := r.used(t); n != 1 {
		t.Errorf("%d searches used", n)
	}
	if got, err := r.provider.Contacts(t.Context(), r.lead(false)); err != nil || got.Outcome != "none" {
		t.Errorf("a miss: %+v, %v", got, err)
	}
	if n := r.used(t); n != 1 {
		t.Errorf("a miss was counted: %d", n)
	}
}

// TestAnswers maps every answer that Hunter documents.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status  int
		kind    fault.Kind
		outcome string
		used    int
	}{
		{http.StatusBadRequest, 0, "none", 0},
		{http.StatusUnauthorized, 0, "unauthorised", 0},
		{http.StatusForbidden, fault.Postponed, "", 0},
		{http.StatusNotFound, 0, "none", 0},
		{http.StatusTooManyRequests, 0, "quota_exhausted", 5},
		{http.StatusUnavailableForLegalReasons, 0, "claimed", 0},
		{http.StatusInternalServerError, fault.Transient, "", 0},
		{http.StatusBadGateway, fault.Transient, "", 0},
		{http.StatusTeapot, fault.Transient, "", 0},
	} {
		r := newRig(t, sandbox.APIKey, 5)
		r.town.Faults().Set(sandbox.Switches{HunterStatus: tt.status})
		got, err := r.provider.Contacts(t.Context(), r.lead(true))
		if fault.KindOf(err) != tt.kind || got.Outcome != tt.outcome || len(got.Contacts) != 0 {
			t.Errorf("%d: %+v, %v", tt.status, got, err)
		}
		if n := r.used(t); n != tt.used {
			t.Errorf("%d: %d searches used, want %d", tt.status, n, tt.used)
		}
	}
}

func TestRefusedKeyIsNotAskedAgainForAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, "wrong-key", 5)
	for range 3 {
		if got, err := r.provider.Contacts(t.Context(), r.lead(true)); err != nil || got.Outcome != "unauthorised" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if n := r.town.Hits("hunter.example"); n != 1 {
		t.Errorf("asked %d times with a refused key", n)
	}
	r.advance(time.Hour)
	_, _ = r.provider.Contacts(t.Context(), r.lead(true))
	if n := r.town.Hits("hunter.example"); n != 2 {
		t.Errorf("asked %d times, want once more after a while", n)
	}
}

func TestQuotaUsedUpStopsUntilTheReset(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey, 1)
	for i, want := range []string{"found", "quota_exhausted", "quota_exhausted"} {
		if got, err := r.provider.Contacts(t.Context(), r.lead(true)); err != nil || got.Outcome != want {
			t.Errorf("search %d: %+v, %v", i, got, err)
		}
	}
	if n := r.town.Hits("hunter.example"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	q, err := r.quota.Quota(t.Context())
	if err != nil || q.Month != "2026-11" || !q.ResetsAt.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("quota %+v, %v", q, err)
	}
	r.advance(8 * 24 * time.Hour)
	if got, _ := r.provider.Contacts(t.Context(), r.lead(true)); got.Outcome != "found" {
		t.Errorf("in the next month: %+v", got)
	}
}

func TestQuotaIsNeverExceededByRacers(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	var mu sync.Mutex
	taken := 0
	var wg sync.WaitGroup
	for range 8 {
		quota := hunter.NewMonthlyQuota(server.Client(), 50, func() time.Time { return noon })
		wg.Go(func() {
			for range 30 {
				ok, err := quota.Reserve(t.Context())
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if taken != 50 {
		t.Errorf("%d of 50 were taken", taken)
	}
}

func TestBreakerOpensAndPostpones(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey, 10)
	r.town.Faults().Set(sandbox.Switches{HunterStatus: 503})
	for range 3 {
		if _, err := r.provider.Contacts(t.Context(), r.lead(true)); !fault.Is(err, fault.Transient) {
			t.Fatalf("%v", err)
		}
	}
	asked := r.town.Hits("hunter.example")
	_, err := r.provider.Contacts(t.Context(), r.lead(true))
	if until, ok := fault.PostponedUntil(err); !ok || !until.After(noon) {
		t.Errorf("with an open breaker: %v", err)
	}
	if r.town.Hits("hunter.example") != asked || r.used(t) != 0 {
		t.Error("an open breaker asked, or used the quota")
	}
	r.town.Faults().Set(sandbox.Switches{})
	testenv.Eventually(t, 5*time.Second, func() bool {
		got, err := r.provider.Contacts(t.Context(), r.lead(true))
		return err == nil && got.Outcome == "found"
	}, "the breaker closes again")
}

func TestDomainsThatAreNotAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey, 10)
	for _, website := range []string{"", "https://www.facebook.com/shop", "https://shop.wixsite.com/home", "https://gmail.com", "http://10.0.0.1/", "not a url", "https://linktr.ee/shop"} {
		got, err := r.provider.Contacts(t.Context(), business.Business{Place: business.Place{Website: website}})
		if err != nil || got.Outcome != "no_domain" {
			t.Errorf("%q: %+v, %v", website, got, err)
		}
	}
	if r.town.Hits("hunter.example") != 0 {
		t.Error("Hunter was asked")
	}
}

// TestKeyStaysSecret looks for the key in every error and log line.
func TestKeyStaysSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t, "very-secret-key", 10)
	var said strings.Builder
	for _, status := range []int{0, 401, 403, 429, 500} {
		r.town.Faults().Set(sandbox.Switches{HunterStatus: status})
		_, err := r.provider.Contacts(t.Context(), r.lead(true))
		if err != nil {
			said.WriteString(err.Error())
		}
	}
	_ = r.town.Close()
	r.advance(time.Hour)
	if _, err := r.provider.Contacts(t.Context(), r.lead(true)); err != nil {
		said.WriteString(err.Error())
	}
	if strings.Contains(said.String()+r.logs.String(), "very-secret") {
		t.Errorf("the key is told: %s %s", said.String(), r.logs)
	}
}
