package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// hunterErrors are the ids that Hunter gives with each status, where a cause
// does not give another.
var hunterErrors = map[int]string{
	http.StatusBadRequest: "wrong_params", http.StatusUnauthorized: "authentication_failed", http.StatusForbidden: "too_many_requests_per_second",
	http.StatusNotFound: "not_found", http.StatusTooManyRequests: "too_many_requests", http.StatusUnavailableForLegalReasons: "claimed_email",
}

func (s *Server) serveHunter(w http.ResponseWriter, r *http.Request) {
	s.count("hunter")
	pause(r, time.Duration(s.faults.Get().HunterDelayMS)*time.Millisecond)
	if cmp.Or(r.Header.Get("X-API-KEY"), r.URL.Query().Get("api_key")) != APIKey {
		hunterError(w, http.StatusUnauthorized, "", "No user found for the API key supplied")
		return
	}
	if status, fails := s.faults.hunterFails(); fails {
		hunterError(w, status, "", "The sandbox has been told to fail")
		return
	}
	switch r.URL.Path {
	case "/v2/domain-search":
		s.count("hunter_domain_search")
		s.domainSearch(w, r)
	case "/v2/email-finder":
		s.count("hunter_email_finder")
		s.findEmail(w, r)
	case "/v2/email-verifier":
		s.count("hunter_email_verifier")
		s.verifyEmail(w, r)
	case "/v2/account":
		s.count("hunter_account")
		s.showAccount(w)
	default:
		hunterError(w, http.StatusNotFound, "", "There is no such endpoint")
	}
}

// businessOf is who has a domain. An answer has been given where it is false.
func (s *Server) businessOf(w http.ResponseWriter, domain string) (Business, bool) {
	domain = strings.ToLower(strings.TrimPrefix(domain, "www."))
	switch b := s.town.byHost[domain]; {
	case domain == "":
		hunterError(w, http.StatusBadRequest, "", "You are missing the domain parameter")
	case !strings.Contains(domain, ".") || strings.ContainsAny(domain, "/@ "):
		hunterError(w, http.StatusBadRequest, "invalid_domain", "The domain is invalid")
	case b == nil:
		return Business{Slug: strings.TrimSuffix(domain, ".example")}, true
	case b.Claimed:
		hunterError(w, http.StatusUnavailableForLegalReasons, "", "The person who owns the address has asked us not to tell of it")
	default:
		return *b, true
	}
	return Business{}, false
}

// charge takes one of the period's searches, or answers that none is left.
func (s *Server) charge(w http.ResponseWriter) bool {
	s.mu.Lock()
	left := s.searches < s.quota()
	if left {
		s.searches++
	}
	s.mu.Unlock()
	if !left {
		hunterError(w, http.StatusTooManyRequests, "", "You have reached your usage limit")
	}
	return left
}

func (s *Server) quota() int { return cmp.Or(s.faults.Get().HunterQuota, 500) }

func (s *Server) showAccount(w http.ResponseWriter) {
	s.mu.Lock()
	searches, verifications := s.searches, s.verifications
	s.mu.Unlock()
	usage := func(used int) map[string]int { return map[string]int{"used": used, "available": s.quota()} }
	now := time.Now().UTC()
	answerJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
		"email": "you@sandbox.example", "plan_name": "Free", "reset_date": time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
		"requests": map[string]any{"credits": usage(searches), "searches": usage(searches), "verifications": usage(verifications)},
	}})
}

func hunterError(w http.ResponseWriter, status int, id, details string) {
	answerJSON(w, status, map[string]any{"errors": []any{
		map[string]any{"id": cmp.Or(id, hunterErrors[status], "server_error"), "code": status, "details": details},
	}})
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}
