package hunter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"leadstream/app"
	"leadstream/internal/sandbox"
)

func verdictBody(status string) string {
	return fmt.Sprintf(`{"data":{"status":%q,"score":90}}`, status)
}

// TestVerdicts maps every answer of the verifier that Hunter documents.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	pending := 0
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   app.Verdict
		used   int
	}{
		"valid":      {says(200, verdictBody("valid")), app.Verdict{Outcome: "valid", Status: "valid"}, 1},
		"invalid":    {says(200, verdictBody("invalid")), app.Verdict{Outcome: "invalid", Status: "invalid"}, 1},
		"accept_all": {says(200, verdictBody("accept_all")), app.Verdict{Outcome: "accept_all", Status: "accept_all"}, 1},
		"webmail":    {says(200, verdictBody("webmail")), app.Verdict{Outcome: "webmail", Status: "webmail"}, 1},
		"disposable": {says(200, verdictBody("disposable")), app.Verdict{Outcome: "disposable", Status: "disposable"}, 1},
		"unknown":    {says(200, verdictBody("unknown")), app.Verdict{Outcome: "unknown", Status: "unknown"}, 1},
		"a new word": {says(200, verdictBody("perhaps")), app.Verdict{Outcome: "unreachable"}, 1},
		"in progress for a while": {func(w http.ResponseWriter, r *http.Request) {
			if pending++; pending <= 2 {
				says(202, "{}")(w, r)
				return
			}
			says(200, verdictBody("valid"))(w, r)
		}, app.Verdict{Outcome: "valid", Status: "valid"}, 1},
		"in progress for long":         {says(202, "{}"), app.Verdict{Outcome: "pending"}, 1},
		"no answer of the mail server": {says(222, "{}"), app.Verdict{Outcome: "unreachable"}, 0},
		"401":                          {says(401, errorBody("authentication_failed")), app.Verdict{Outcome: "unauthorised"}, 0},
		"403":                          {says(403, errorBody("too_many_requests")), app.Verdict{Outcome: "error"}, 0},
		"404":                          {says(404, errorBody("not_found")), app.Verdict{Outcome: "none"}, 0},
		"429":                          {says(429, errorBody("too_many_requests")), app.Verdict{Outcome: "quota_exhausted"}, 5},
		"451":                          {says(451, errorBody("claimed_email")), app.Verdict{Outcome: "claimed", Claimed: true}, 0},
		"400":                          {says(400, errorBody("wrong_params")), app.Verdict{Outcome: "error"}, 0},
		"500":                          {says(500, "oops"), app.Verdict{Outcome: "error"}, 0},
	} {
		s := newStand(t, tt.answer)
		if got, err := s.verifier.Verify(t.Context(), "Ada@shop.example", false); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, tt.want)
		}
		if q, err := s.verified.Quota(t.Context()); err != nil || q.Used != tt.used {
			t.Errorf("%s: %d used, want %d; %v", name, q.Used, tt.used, err)
		}
		if n := s.used(t); n != 0 {
			t.Errorf("%s: %d searches used", name, n)
		}
	}
}

func TestVerifiedOnce(t *testing.T) {
	t.Parallel()
	town, r := townRig(t, sandbox.APIKey, 10)
	var address string
	for _, b := range town.Town().Businesses() {
		if len(b.Hunter) > 0 {
			address = b.Hunter[0].Email
			break
		}
	}
	for i, force := range []bool{false, false, true} {
		if got, err := r.verifier.Verify(t.Context(), address, force); err != nil || got.Status != "valid" {
			t.Errorf("%d: %+v, %v", i, got, err)
		}
	}
	if q, err := r.verified.Quota(t.Context()); err != nil || q.Used != 2 || r.used(t) != 0 {
		t.Errorf("%+v, %v, searches %d", q, err, r.used(t))
	}
}

func TestCancelledVerificationIsNoVerdict(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		says(202, "{}")(w, r)
	})
	if _, err := s.verifier.Verify(ctx, "a@shop.example", false); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if q, err := s.verified.Quota(t.Context()); err != nil || q.Used != 0 {
		t.Errorf("%+v, %v", q, err)
	}
}
