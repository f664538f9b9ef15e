package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// consentCookie is set once the question is answered.
const consentCookie = "SOCS"

// consentLabels are the buttons' labels by language.
var consentLabels = map[string][2]string{
	"en": {"Reject all", "Accept all"},
	"de": {"Alle ablehnen", "Alle akzeptieren"},
	"fr": {"Tout refuser", "Tout accepter"},
	"es": {"Rechazar todo", "Aceptar todo"},
}

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
	labels, known := consentLabels[searchOf(r, "", 0).language]
	if !known {
		labels = consentLabels["en"]
	}
	s.render(w, http.StatusOK, "consent.html", map[string]any{"Continue": r.URL.Query().Get("continue"), "Reject": labels[0], "Accept": labels[1]})
}
