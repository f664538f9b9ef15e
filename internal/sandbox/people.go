package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// freePlan is the most results that a search may reach into.
const freePlan = 10

// domainSearch tells whom Hunter knows at a domain. A miss costs nothing.
func (s *Server) domainSearch(w http.ResponseWriter, r *http.Request) {
	limit, limitErr := strconv.Atoi(cmp.Or(r.URL.Query().Get("limit"), "10"))
	offset, offsetErr := strconv.Atoi(cmp.Or(r.URL.Query().Get("offset"), "0"))
	switch {
	case limitErr != nil || offsetErr != nil || limit < 1 || offset < 0:
		hunterError(w, http.StatusBadRequest, "", "The limit or the offset is no number")
		return
	case limit+offset > freePlan:
		hunterError(w, http.StatusBadRequest, "pagination_error", "Your plan is limited to 10 email addresses")
		return
	}
	b, ok := s.businessOf(w, r.URL.Query().Get("domain"))
	if !ok {
		return
	}
	kind := r.URL.Query().Get("type")
	known := slices.DeleteFunc(slices.Clone(b.Hunter), func(p Person) bool { return kind != "" && p.kind() != kind })
	if len(known) > 0 && !s.charge(w) {
		return
	}
	emails := []any{}
	for _, p := range known[min(offset, len(known)):min(offset+limit, len(known))] {
		emails = append(emails, p.found(b.Host()))
	}
	data := map[string]any{
		"domain": b.Host(), "disposable": false, "webmail": false, "accept_all": false, "pattern": "{first}.{last}",
		"organization": b.Name, "linked_domains": []string{}, "emails": emails,
	}
	answerJSON(w, http.StatusOK, map[string]any{"data": data, "meta": map[string]any{"results": len(known), "limit": limit, "offset": offset}})
}

func (p Person) kind() string {
	if p.First == "" {
		return "generic"
	}
	return "personal"
}

// found is the person as a search shows it; what is not known is null.
func (p Person) found(domain string) map[string]any {
	entry := map[string]any{
		"value": p.Email, "type": p.kind(), "confidence": p.Confidence, "first_name": nil, "last_name": nil, "position": nil, "seniority": nil,
		"department": nil, "linkedin": nil, "twitter": nil, "phone_number": nil, "verification": nil,
		"sources": []any{map[string]any{
			"domain": domain, "uri": "http://" + domain + "/team", "extracted_on": "2025-11-02", "last_seen_on": "2026-10-01", "still_on_page": true,
		}},
	}
	if p.First != "" {
		entry["first_name"], entry["last_name"], entry["position"] = p.First, p.Last, p.Position
		entry["verification"] = map[string]any{"date": "2026-10-01", "status": "valid"}
	}
	return entry
}

// findEmail looks for one person by name.
func (s *Server) findEmail(w http.ResponseWriter, r *http.Request) {
	b, ok := s.businessOf(w, r.URL.Query().Get("domain"))
	if !ok {
		return
	}
	first, last := r.URL.Query().Get("first_name"), r.URL.Query().Get("last_name")
	if first == "" || last == "" {
		hunterError(w, http.StatusBadRequest, "", "You are missing the first_name or the last_name parameter")
		return
	}
	i := slices.IndexFunc(b.Hunter, func(p Person) bool { return strings.EqualFold(p.First, first) && strings.EqualFold(p.Last, last) })
	if i < 0 {
		hunterError(w, http.StatusNotFound, "", "The person is not known")
		return
	}
	if s.charge(w) {
		data := b.Hunter[i].found(b.Host())
		data["email"], data["score"], data["domain"] = b.Hunter[i].Email, b.Hunter[i].Confidence, b.Host()
		answerJSON(w, http.StatusOK, map[string]any{"data": data})
	}
}

// verifyEmail knows every address of the town, and no other.
func (s *Server) verifyEmail(w http.ResponseWriter, r *http.Request) {
	email := strings.ToLower(r.URL.Query().Get("email"))
	_, domain, ok := strings.Cut(email, "@")
	if !ok || domain == "" {
		hunterError(w, http.StatusBadRequest, "invalid_email", "The email is invalid")
		return
	}
	if s.faults.use(func(s *Switches) *int { return &s.HunterPendingNext }) {
		answerJSON(w, http.StatusAccepted, map[string]any{"data": map[string]any{"email": email}})
		return
	}
	s.mu.Lock()
	s.verifications++
	s.mu.Unlock()
	data := map[string]any{"status": "invalid", "score": 0, "email": email}
	switch {
	case domain == "freemail.example":
		data["status"], data["score"] = "webmail", 80
	case s.town.has(email):
		data["status"], data["score"] = "valid", 95
	case s.town.byHost[domain] == nil:
		data["status"] = "unknown"
	}
	answerJSON(w, http.StatusOK, map[string]any{"data": data})
}

// has reports whether somebody in the town has the address.
func (t *Town) has(email string) bool {
	return slices.ContainsFunc(t.businesses, func(b Business) bool {
		return slices.ContainsFunc(b.Hunter, func(p Person) bool { return p.Email == email }) ||
			slices.ContainsFunc(slices.Concat(b.Contacts, b.Withheld), func(c Contact) bool { return c.Value == email })
	})
}
