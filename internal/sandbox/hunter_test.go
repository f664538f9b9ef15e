package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
)

const hunter = "http://hunter.example/v2/"

// ask asks Hunter, and answers the data or the error's id.
func ask(t *testing.T, c *http.Client, path string) (status int, data map[string]any, id string) {
	t.Helper()
	a := fetch(t, c, hunter+path, "X-API-KEY", sandbox.APIKey)
	var body struct {
		Data   map[string]any `json:"data"`
		Errors []struct {
			ID      string `json:"id"`
			Code    int    `json:"code"`
			Details string `json:"details"`
		} `json:"errors"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%s: %v in %s", path, err, a.body)
	}
	if (a.status >= 400) != (len(body.Errors) == 1) || a.status >= 400 && (body.Errors[0].Code != a.status || body.Errors[0].Details == "") {
		t.Errorf("%s: %d %s", path, a.status, a.body)
	}
	if len(body.Errors) > 0 {
		id = body.Errors[0].ID
	}
	return a.status, body.Data, id
}

func pick(t *testing.T, s *sandbox.Server, wanted func(sandbox.Business) bool) sandbox.Business {
	t.Helper()
	businesses := s.Town().Businesses()
	i := slices.IndexFunc(businesses, wanted)
	if i < 0 {
		t.Fatal("nobody in the town is like that")
	}
	return businesses[i]
}

func TestHunterRefuses(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	if a := fetch(t, c, hunter+"domain-search?domain=x.example"); a.status != http.StatusUnauthorized || !strings.Contains(a.body, `"authentication_failed"`) {
		t.Errorf("without a key: %d %s", a.status, a.body)
	}
	if a := fetch(t, c, hunter+"account?api_key="+sandbox.APIKey); a.status != http.StatusOK {
		t.Errorf("key as a parameter: %d", a.status)
	}
	claimed := pick(t, s, func(b sandbox.Business) bool { return b.Claimed })
	for path, want := range map[string]string{
		"domain-search":                            "400 wrong_params",
		"domain-search?domain=nonsense":            "400 invalid_domain",
		"domain-search?domain=x.example&limit=no":  "400 wrong_params",
		"domain-search?domain=x.example&limit=11":  "400 pagination_error",
		"domain-search?domain=x.example&offset=5":  "400 pagination_error",
		"domain-search?domain=" + claimed.Host():   "451 claimed_email",
		"email-finder?domain=x.example":            "400 wrong_params",
		"email-finder?domain=x.example" + nobody:   "404 not_found",
		"email-verifier?email=nonsense":            "400 invalid_email",
		"lead-machine":                             "404 not_found",
		"domain-search?domain=x.example&limit=10":  "200 ",
		"domain-search?domain=www." + claimed.Slug: "400 invalid_domain",
	} {
		if status, _, id := ask(t, c, path); fmt.Sprint(status, " ", id) != want {
			t.Errorf("%s: %d %s, want %s", path, status, id, want)
		}
	}
}

const nobody = "&first_name=No&last_name=Body"

func TestHunterTellsAndCounts(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	several := pick(t, s, func(b sandbox.Business) bool { return len(b.Hunter) > 1 })
	unknown := pick(t, s, func(b sandbox.Business) bool { return b.Site == sandbox.Ordinary && len(b.Hunter) == 0 && !b.Claimed })
	used := func() any {
		_, data, _ := ask(t, c, "account")
		if data["reset_date"] == "" {
			t.Error("no reset date")
		}
		return data["requests"].(map[string]any)["searches"].(map[string]any)["used"]
	}
	emails := func(path string) []any {
		_, data, _ := ask(t, c, path)
		return data["emails"].([]any)
	}
	if n := len(emails("domain-search?domain=" + unknown.Host())); n != 0 || used() != 0.0 {
		t.Errorf("%d found of whom nobody is known, %v searches used", n, used())
	}
	search := "domain-search?domain=" + several.Host()
	found := emails(search)
	first, person := found[0].(map[string]any), several.Hunter[0]
	if len(found) != len(several.Hunter) || first["value"] != person.Email || first["type"] != "personal" || first["confidence"] != float64(person.Confidence) ||
		first["first_name"] != person.First || first["position"] != person.Position || first["sources"].([]any)[0].(map[string]any)["domain"] != several.Host() {
		t.Errorf("found %v, want %+v", found, several.Hunter)
	}
	if generic := emails(search + "&type=generic"); len(generic) != 1 || generic[0].(map[string]any)["first_name"] != nil || generic[0].(map[string]any)["verification"] != nil {
		t.Errorf("role addresses %v", generic)
	}
	if second := emails(search + "&limit=1&offset=1"); len(second) != 1 || second[0].(map[string]any)["value"] == person.Email {
		t.Errorf("second page %v", second)
	}
	_, finder, _ := ask(t, c, "email-finder?domain="+several.Host()+"&first_name="+person.First+"&last_name="+strings.ToLower(person.Last))
	if finder["email"] != person.Email || used() != 4.0 {
		t.Errorf("found %v, %v searches used", finder, used())
	}
	s.Faults().Set(sandbox.Switches{HunterQuota: 4})
	if status, _, id := ask(t, c, search); status != http.StatusTooManyRequests || id != "too_many_requests" {
		t.Errorf("beyond the quota: %d %s", status, id)
	}
}

func TestHunterVerifies(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	b := pick(t, s, func(b sandbox.Business) bool { return len(b.Hunter) > 0 && b.Site == sandbox.Ordinary })
	s.Faults().Set(sandbox.Switches{HunterPendingNext: 1})
	if status, _, _ := ask(t, c, "email-verifier?email="+b.Hunter[0].Email); status != http.StatusAccepted {
		t.Errorf("in progress: %d", status)
	}
	for email, want := range map[string]string{
		b.Hunter[0].Email: "valid", b.Contacts[0].Value: "valid", "nobody@" + b.Host(): "invalid", "x@freemail.example": "webmail", "x@nowhere.example": "unknown",
	} {
		if _, data, _ := ask(t, c, "email-verifier?email="+email); data["status"] != want {
			t.Errorf("%s is %v, want %s", email, data["status"], want)
		}
	}
}
