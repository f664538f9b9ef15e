package hunter_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"leadstream/adapters/breaker"
	"leadstream/adapters/domaincache"
	"leadstream/adapters/hunter"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.LeakFree(m)) }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// rig is a provider before the town's Hunter or a stand-in of the test's own.
type rig struct {
	quota    *hunter.PeriodQuota
	verified *hunter.PeriodQuota // of verifications
	provider *hunter.Provider
	verifier *hunter.Verifier
	redis    testenv.RedisDB
	logs     *testenv.Logs
	clock    *testenv.Clock
}

func newRig(t *testing.T, addr, key string, limit int) *rig {
	t.Helper()
	r := &rig{redis: testenv.SharedRedis(t), logs: &testenv.Logs{}, clock: testenv.NewClock(noon)}
	client := r.redis.Client()
	r.quota = hunter.NewQuota(client, hunter.Searches, limit, r.clock.Now)
	r.verified = hunter.NewQuota(client, hunter.Verifications, limit, r.clock.Now)
	http := outbound.NewClient(outbound.Overrides{{Pattern: "*.example", Addr: addr}}, time.Second)
	t.Cleanup(http.CloseIdleConnections)
	r.provider = hunter.New(hunter.Options{
		HTTP: http, BaseURL: "http://hunter.example/v2/", Key: key, Redis: client, Quota: r.quota,
		Cache:   domaincache.New(client, "hunter", r.clock.Now, r.logs.Logger()),
		Breaker: breaker.New(breaker.Options{Provider: "hunter", Redis: client, Failures: 3, OpenFor: 200 * time.Millisecond, Now: r.clock.Now, Logger: r.logs.Logger()}),
		Now:     r.clock.Now, Logger: r.logs.Logger(),
	})
	r.verifier = hunter.NewVerifier(r.provider, r.verified, domaincache.New(client, "hunter_verifier", r.clock.Now, r.logs.Logger()), time.Millisecond)
	return r
}

func (r *rig) used(t *testing.T) int {
	t.Helper()
	q, err := r.quota.Quota(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return q.Used
}

func townRig(t *testing.T, key string, limit int) (*sandbox.Server, *rig) {
	t.Helper()
	town, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = town.Close() })
	return town, newRig(t, town.Addr(), key, limit)
}

// leads are the businesses of the town whose domain Hunter knows, or does not.
func leads(town *sandbox.Server, known bool) (list []app.ContactQuery) {
	for _, b := range town.Town().Businesses() {
		if b.Site != sandbox.NoSite && (len(b.Hunter) > 0) == known {
			list = append(list, lead(b.Website()))
		}
	}
	return list
}

// searches is how often a domain was searched for.
func searches(town *sandbox.Server) int { return town.Stats().Kinds["hunter_domain_search"] }

func lead(website string) app.ContactQuery {
	return app.ContactQuery{Business: business.Business{ID: 1, Place: business.Place{Name: "A", Website: website}}}
}

func TestFinds(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 10)
	got, err := r.provider.Contacts(t.Context(), leads(town, true)[0])
	if err != nil || got.Outcome != "found" || len(got.Contacts) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	c := got.Contacts[0]
	if c.Kind != business.Email || !c.Personal || c.Name == "" || c.Position == "" || c.Confidence < 70 || !strings.HasPrefix(c.SourceURL, "http://") ||
		c.Verification != "valid" || c.Provider != "hunter" {
		t.Errorf("contact %+v", c)
	}
	if n := r.used(t); n != 1 {
		t.Errorf("%d searches used", n)
	}
	if got, err := r.provider.Contacts(t.Context(), leads(town, false)[0]); err != nil || got.Outcome != "none" {
		t.Errorf("a miss: %+v, %v", got, err)
	}
	if n := r.used(t); n != 1 {
		t.Errorf("a miss was counted: %d", n)
	}
}

func TestDomainIsSearchedOnce(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 10)
	for _, known := range []bool{true, false} {
		b := leads(town, known)[0]
		first, err := r.provider.Contacts(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		asked, used := searches(town), r.used(t)
		b.Business.Place.Website = strings.Replace(b.Business.Place.Website, "://", "://branch.", 1) + "freehold"
		again, err := r.provider.Contacts(t.Context(), b)
		if err != nil || again.Outcome != first.Outcome || !slices.Equal(again.Contacts, first.Contacts) {
			t.Errorf("known %v: %+v, %v; first %+v", known, again, err, first)
		}
		if searches(town) != asked || r.used(t) != used {
			t.Errorf("known %v: searched again", known)
		}
	}
}

func TestRefusedKeyIsNotAskedAgainForAWhile(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, "wrong-key", 5)
	b := leads(town, true)[0]
	for range 3 {
		if got, err := r.provider.Contacts(t.Context(), b); err != nil || got.Outcome != "unauthorised" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if n := town.Hits("hunter.example"); n != 1 {
		t.Errorf("asked %d times with a refused key", n)
	}
	if s, err := r.provider.ProviderState(t.Context()); err != nil || !strings.Contains(s.Warning, "HUNTER_API_KEY since 2026-11-24T12:00:00") || strings.Contains(s.Warning, "wrong-key") {
		t.Errorf("the provider stands at %+v, %v", s, err)
	}
	r.clock.Advance(time.Hour)
	_, _ = r.provider.Contacts(t.Context(), b)
	if n := town.Hits("hunter.example"); n != 2 {
		t.Errorf("asked %d times, want once more after a while", n)
	}
	if lines := r.logs.Lines("level=ERROR"); len(lines) != 1 {
		t.Errorf("logged as errors: %q", lines)
	}
	if n := r.used(t); n != 0 {
		t.Errorf("%d searches used", n)
	}
}

func TestBreakerOpensAndPostpones(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 10)
	b := leads(town, true)[0]
	town.Faults().Set(sandbox.Switches{HunterStatus: http.StatusServiceUnavailable})
	for _, kind := range []fault.Kind{fault.Transient, fault.Transient, fault.Postponed} { // the last opens it
		if _, err := r.provider.Contacts(t.Context(), b); !fault.Is(err, kind) {
			t.Fatalf("%v", err)
		}
	}
	asked := searches(town)
	_, err := r.provider.Contacts(t.Context(), b)
	if until, ok := fault.PostponedUntil(err); !ok || !until.After(noon) || !strings.Contains(err.Error(), "circuit breaker open") {
		t.Errorf("with an open breaker: %v", err)
	}
	if searches(town) != asked || r.used(t) != 0 {
		t.Error("an open breaker asked, or used the quota")
	}
	town.Faults().Set(sandbox.Switches{})
	testenv.Eventually(t, 5*time.Second, func() bool {
		got, err := r.provider.Contacts(t.Context(), b)
		return err == nil && got.Outcome == "found"
	}, "the breaker closes again")
}

func TestDomainsThatAreNotAsked(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 10)
	for _, website := range []string{
		"", "not a url", "https://www.facebook.com/shop", "https://shop.wixsite.com/home", "https://gmail.com", "https://linktr.ee/shop",
		"https://sites.google.com/view/shop", "https://bit.ly/3xyz", "https://www.yelp.com/biz/shop", "/url?q=https://www.instagram.com/shop",
		"https://shop.pages.dev/", "https://shop.herokuapp.com/", "http://10.0.0.1/", "http://[2606:2800:220:1::1]/", "http://co.uk/",
	} {
		got, err := r.provider.Contacts(t.Context(), lead(website))
		if err != nil || got.Outcome != "no_domain" {
			t.Errorf("%q: %+v, %v", website, got, err)
		}
	}
	if searches(town) != 0 {
		t.Error("Hunter was asked")
	}
}

// TestAcceptedKeyTakesTheWarningBack also shows that a new key is not judged by the old one's history.
func TestAcceptedKeyTakesTheWarningBack(t *testing.T) {
	t.Parallel()
	status := http.StatusUnauthorized
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) { says(status, emailsBody(""))(w, r) })
	warns := func(want bool) {
		t.Helper()
		if state, err := s.provider.ProviderState(t.Context()); err != nil || (state.Warning != "") != want || state.Breaker != "closed" {
			t.Errorf("%+v, %v", state, err)
		}
	}
	warns(false)
	_, _ = s.provider.Contacts(t.Context(), lead("http://shop.example/"))
	warns(true)
	s.clock.Advance(20 * time.Minute)
	status = http.StatusOK
	if got, err := s.provider.Contacts(t.Context(), lead("http://shop.example/")); err != nil || got.Outcome != "none" {
		t.Errorf("%+v, %v", got, err)
	}
	warns(false)
}

// TestForceAsksAnew spends a search though the answer is kept.
func TestForceAsksAnew(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 10)
	q := leads(town, true)[0]
	for i, force := range []bool{false, false, true, false} {
		q.Force = force
		if got, err := r.provider.Contacts(t.Context(), q); err != nil || got.Outcome != "found" {
			t.Errorf("%d: %+v, %v", i, got, err)
		}
	}
	if n, used := searches(town), r.used(t); n != 2 || used != 2 {
		t.Errorf("searched %d times, %d used", n, used)
	}
}
