package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// consentCookie is set once the question is answered.
const consentCookie = "SOCS"

// askConsent sends who has not answered to the question.
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request) bool {
	if _, err := r.Cookie(consentCookie); err == nil {
		return false
	}
	back := "http://" + mapHost + r.URL.RequestURI()
	question := url.Values{"continue": {back}, "hl": {r.URL.Query().Get("hl")}}
	http.Redirect(w, r, "http://"+consentHost+"/m?"+question.Encode(), http.StatusFound)
	return true
}

func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/save" && r.Method == http.MethodPost {
		s.count("consent")
		back := r.FormValue("continue")
		if !strings.HasPrefix(back, "http://"+mapHost+"/") {
			http.Error(w, "bad continue", http.StatusBadRequest)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: consentCookie, Value: "CAE", Domain: mapHost, Path: "/", MaxAge: 3600})
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	if r.URL.Path != "/m" {
		http.NotFound(w, r)
		return
	}
	s.count("consent")
	t := tongueOf(searchOf(r, "", 0).language)
	s.render(w, http.StatusOK, "consent.html", map[string]any{"Continue": r.URL.Query().Get("continue"), "Reject": t.reject, "Accept": t.accept})
}
