package sandbox

import (
	"encoding/json"
	"net/http"
)

// hunterErrors are the ids that Hunter gives with each status.
var hunterErrors = map[int]string{
	http.StatusBadRequest: "invalid_domain", http.StatusUnauthorized: "authentication_failed", http.StatusForbidden: "too_many_requests_per_second",
	http.StatusNotFound: "not_found", http.StatusTooManyRequests: "too_many_requests", http.StatusUnavailableForLegalReasons: "claimed_email",
}

func (s *Server) serveHunter(w http.ResponseWriter, r *http.Request) {
	faults := s.faults.Get()
	pause(r, faults.HunterDelayMS)
	key := r.Header.Get("X-API-KEY")
	if key == "" {
		key = r.URL.Query().Get("api_key")
	}
	if key != APIKey {
		hunterError(w, http.StatusUnauthorized)
		return
	}
	if status, fails := s.faults.hunterFails(); fails {
		hunterError(w, status)
		return
	}
	switch r.URL.Path {
	case "/v2/domain-search":
		s.domainSearch(w, r)
	case "/v2/account":
		s.mu.Lock()
		used := s.hunted
		s.mu.Unlock()
		answerJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
			"reset_date": "2026-12-01", "requests": map[string]any{"searches": map[string]int{"used": used, "available": 500}},
		}})
	case "/v2/email-verifier":
		answerJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"status": "valid", "score": 93, "email": r.URL.Query().Get("email")}})
	default:
		hunterError(w, http.StatusNotFound)
	}
}

func (s *Server) domainSearch(w http.ResponseWriter, r *http.Request) {
	domain := r.URL.Query().Get("domain")
	if domain == "" {
		hunterError(w, http.StatusBadRequest)
		return
	}
	emails := []any{}
	if b, ok := s.town.byHost[domain]; ok {
		for _, p := range b.Hunter {
			emails = append(emails, map[string]any{
				"value": p.Email, "type": "personal", "confidence": p.Confidence, "first_name": p.First, "last_name": p.Last,
				"position": p.Position, "verification": map[string]any{"date": "2026-10-01", "status": "valid"},
				"sources": []any{map[string]any{"domain": domain, "uri": "http://" + domain + "/team", "still_on_page": true}},
			})
		}
	}
	if len(emails) > 0 {
		s.mu.Lock()
		s.hunted++
		s.mu.Unlock()
	}
	answerJSON(w, http.StatusOK, map[string]any{
		"data": map[string]any{"domain": domain, "emails": emails, "webmail": false, "disposable": false},
		"meta": map[string]any{"results": len(emails), "limit": 10, "offset": 0},
	})
}

func hunterError(w http.ResponseWriter, status int) {
	id := hunterErrors[status]
	if id == "" {
		id = "server_error"
	}
	answerJSON(w, status, map[string]any{"errors": []any{map[string]any{"id": id, "code": status, "details": "the sandbox says so"}}})
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}
