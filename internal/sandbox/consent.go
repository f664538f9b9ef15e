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
	"de": {"Alle ablehnen", "Alle akzeptieren"},
	"fr": {"Tout refuser", "Tout accepter"},
	"es": {"Rechazar todo", "Aceptar todo"},
}

// askConsent sends who has not answered to the question.
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request) bool {
	if _, err := r.Cookie(consentCookie); err == nil {
		return false
	}
	back := url.URL{Scheme: "http", Host: mapHost, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	question := url.Values{"continue": {back.String()}, "hl": {r.URL.Query().Get("hl")}}
	http.Redirect(w, r, "http://"+consentHost+"/m?"+question.Encode(), http.StatusFound)
	return true
}

func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/save" && r.Method == http.MethodPost {
		back := r.FormValue("continue")
		if !strings.HasPrefix(back, "http://"+mapHost+"/") {
			http.Error(w, "bad continue", http.StatusBadRequest)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: consentCookie, Value: "CAE", Domain: mapHost, Path: "/", MaxAge: 3600})
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	labels, known := consentLabels[r.URL.Query().Get("hl")]
	if !known {
		labels = [2]string{"Reject all", "Accept all"}
	}
	s.render(w, http.StatusOK, "consent.html", map[string]any{"Continue": r.URL.Query().Get("continue"), "Reject": labels[0], "Accept": labels[1]})
}
