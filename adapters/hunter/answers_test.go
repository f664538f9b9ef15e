package hunter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

// stand is a Hunter whose every answer the test writes.
type stand struct {
	*rig

	searches atomic.Int32
}

// Its account, which is asked for what is used, is not there unless one is given.
func newStand(t *testing.T, answer http.HandlerFunc, account ...http.HandlerFunc) *stand {
	t.Helper()
	return newStandWithKey(t, "key", answer, account...)
}

func newStandWithKey(t *testing.T, key string, answer http.HandlerFunc, account ...http.HandlerFunc) *stand {
	t.Helper()
	s := &stand{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/domain-search":
			s.searches.Add(1)
		case r.URL.Path == "/v2/account" && len(account) == 0:
			http.NotFound(w, r)
			return
		case r.URL.Path == "/v2/account":
			account[0](w, r)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	s.rig = newRig(t, server.Listener.Addr().String(), key, 5)
	return s
}

// says answers with a status, headers as "name: value", and a body.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func errorBody(id string) string {
	return fmt.Sprintf(`{"errors":[{"id":%q,"code":400,"details":"x"}]}`, id)
}

func emailsBody(emails string) string {
	return `{"data":{"domain":"shop.example","emails":[` + emails + `]},"meta":{}}`
}

// TestAnswers maps every answer that Hunter documents, and some that it does not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer  http.HandlerFunc
		kind    fault.Kind
		fails   bool
		outcome string
		used    int
	}{
		"a find": {says(200, emailsBody(`{"value":"Ada@Shop.example","type":"personal","confidence":92}`)), 0, false, "found", 1},
		"a miss": {says(200, emailsBody("")), 0, false, "none", 0},
		"an address found dead costs all the same": {says(200, emailsBody(`{"value":"a@shop.example","verification":{"status":"invalid"}}`)), 0, false, "none", 1},
		"what is no address":                       {says(200, emailsBody(`{"value":"Ada <a@shop.example>"},{"value":"x"},{"value":""}`)), 0, false, "none", 1},
		"a free-mail domain":                       {says(200, `{"data":{"webmail":true,"emails":[{"value":"a@b.example"}]}}`), 0, false, "none", 0},
		"400 invalid_domain":                       {says(400, errorBody("invalid_domain")), 0, false, "none", 0},
		"400 of our own making":                    {says(400, errorBody("wrong_params")), fault.Internal, true, "", 0},
		"401":                                      {says(401, errorBody("authentication_failed")), 0, false, "unauthorised", 0},
		"403":                                      {says(403, errorBody("too_many_requests")), fault.Postponed, true, "", 0},
		"404":                                      {says(404, errorBody("not_found")), 0, false, "none", 0},
		"418":                                      {says(418, ""), fault.Transient, true, "", 0},
		"429":                                      {says(429, errorBody("too_many_requests")), 0, false, "quota_exhausted", 5},
		"451":                                      {says(451, errorBody("claimed_email")), 0, false, "claimed", 0},
		"500":                                      {says(500, "<h1>oops</h1>"), fault.Transient, true, "", 0},
		"503 without a body":                       {says(503, ""), fault.Transient, true, "", 0},
		"a redirect":                               {says(302, "", "Location: http://elsewhere.example/"), fault.Transient, true, "", 0},
		"no JSON":                                  {says(200, "<html>sign in to the wifi</html>"), fault.Transient, true, "", 0},
		"half an answer":                           {says(200, `{"data":`, "Content-Length: 900"), fault.Transient, true, "", 0},
		"too long an answer":                       {says(200, strings.Repeat(" ", 2<<20)), fault.Transient, true, "", 0},
		"no answer":                                {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, fault.Transient, true, "", 0},
		"a connection closed":                      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Transient, true, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, tt.answer)
			got, err := s.provider.Contacts(t.Context(), lead("https://www.shop.example/"))
			if (err != nil) != tt.fails || fault.KindOf(err) != tt.kind || got.Outcome != tt.outcome || (got.Outcome == "found") != (len(got.Contacts) > 0) {
				t.Errorf("%+v, %v", got, err)
			}
			if n := s.used(t); n != tt.used {
				t.Errorf("%d searches used, want %d", n, tt.used)
			}
		})
	}
}

func TestSearchAsksForTheRegistrableDomain(t *testing.T) {
	t.Parallel()
	var asked []string
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI()+" "+r.Header.Get("X-Api-Key"))
		says(200, emailsBody(""))(w, r)
	})
	if _, err := s.provider.Contacts(t.Context(), lead("/url?q=https://WWW.Branch.Shop.co.uk/contact&sa=U")); err != nil {
		t.Fatal(err)
	}
	if want := "/v2/domain-search?domain=shop.co.uk&limit=10 key"; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// TestSlowingDown: the wait is Hunter's, or a minute that grows while it keeps
// saying so; meanwhile nobody asks.
func TestSlowingDown(t *testing.T) {
	t.Parallel()
	header, status := "", http.StatusForbidden
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		if status != http.StatusForbidden {
			says(status, emailsBody(""))(w, r)
			return
		}
		says(status, errorBody("too_many_requests"), "Retry-After: "+header)(w, r)
	})
	for i, tt := range []struct {
		header string
		wait   time.Duration
		goesOn bool // without Hunter, which has said so for more than an hour
	}{
		{"", time.Minute, false}, {"", 2 * time.Minute, false}, {"7", 7 * time.Second, false}, {"", 8 * time.Minute, false}, {"-5", 16 * time.Minute, false},
		{"soon", 30 * time.Minute, false}, {"", 30 * time.Minute, false}, {"86400", 30 * time.Minute, true},
		{s.clock.Now().Add(4 * time.Hour).Format(http.TimeFormat), 30 * time.Minute, true},
	} {
		header = tt.header
		for range 3 { // all but the first are held back
			got, err := s.provider.Contacts(t.Context(), lead("http://shop.example/"))
			if tt.goesOn {
				if err != nil || got.Outcome != "too_fast" {
					t.Errorf("%d: %+v, %v", i, got, err)
				}
				continue
			}
			if until, ok := fault.PostponedUntil(err); !ok || until.Sub(s.clock.Now()) != tt.wait {
				t.Errorf("%d: %v until %s after %s, want %s", i, err, until, s.clock.Now(), tt.wait)
			}
		}
		if n := int(s.searches.Load()); n != i+1 {
			t.Errorf("%d: asked %d times", i, n)
		}
		s.clock.Advance(tt.wait)
	}
	status = http.StatusOK
	if _, err := s.provider.Contacts(t.Context(), lead("http://shop.example/")); err != nil {
		t.Fatal(err)
	}
	status, header = http.StatusForbidden, ""
	_, err := s.provider.Contacts(t.Context(), lead("http://other.example/"))
	if until, _ := fault.PostponedUntil(err); until.Sub(s.clock.Now()) != time.Minute {
		t.Errorf("after an answer: until %s at %s", until, s.clock.Now())
	}
}

// TestTogetherSlowedDownOnce: requests under way at once are one reason to wait longer.
func TestTogetherSlowedDownOnce(t *testing.T) {
	t.Parallel()
	var together sync.WaitGroup
	together.Add(4)
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		together.Done()
		together.Wait()
		says(403, "")(w, r)
	})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			_, err := s.provider.Contacts(t.Context(), lead(fmt.Sprintf("http://shop%d.example/", i)))
			if until, _ := fault.PostponedUntil(err); !until.Equal(noon.Add(time.Minute)) {
				t.Errorf("%v until %s", err, until)
			}
		})
	}
	wg.Wait()
}

// TestBreakerCountsOutagesAlone: what Hunter says, and what we cancel, opens nothing.
func TestBreakerCountsOutagesAlone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{"404": says(404, ""), "418": says(418, ""), "no JSON": says(200, "?")} {
		s := newStand(t, answer)
		for i := range 5 {
			_, _ = s.provider.Contacts(t.Context(), lead(fmt.Sprintf("http://shop%d.example/", i)))
		}
		if n := s.searches.Load(); n != 5 {
			t.Errorf("%s: the breaker let %d of 5 through", name, n)
		}
	}
	s := newStand(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for i := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel()
			testenv.Eventually(t, 5*time.Second, func() bool { return int(s.searches.Load()) == i+1 }, "the search is under way")
		}()
		if _, err := s.provider.Contacts(ctx, lead("http://shop.example/")); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Transient) {
			t.Errorf("cancelled: %v", err)
		}
	}
	if n, used := s.searches.Load(), s.used(t); n != 5 || used != 0 {
		t.Errorf("after cancelled searches: %d of 5 let through, %d used", n, used)
	}
}
