package dashboard_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"leadstream/ports/http/dashboard"
)

var (
	htmlReference = regexp.MustCompile(`(?:href|src)="(/assets/[^"#]+)`)
	jsImport      = regexp.MustCompile(`(?m)^import\b[^"]*"([^"]+)"`)
	jsAsset       = regexp.MustCompile(`"(/assets/[^"#]+)`)
	cssReference  = regexp.MustCompile(`(?:url\(|@import)`)
	elsewhere     = regexp.MustCompile(`(?i)(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}`)
	inlineScript  = regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]`)
	inlineStyle   = regexp.MustCompile(`(?i)<style|\sstyle\s*=`)
	inlineHandler = regexp.MustCompile(`(?i)<[^>]*\son[a-z]+\s*=`)
	markupSink    = regexp.MustCompile(`\.(?:innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write|\beval\(|new Function`)
)

// allowedElsewhere are addresses that nothing is loaded from.
var allowedElsewhere = []string{"http://www.w3.org", "https://example.com"}

func TestPagesAreThere(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"index.html", "docs.html"} {
		if !strings.HasPrefix(read(t, page), "<!doctype html>") {
			t.Errorf("%s is not an HTML page", page)
		}
	}
}

func TestReferencesResolve(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"index.html": true, "docs.html": true}
	eachFile(t, func(name, text string) {
		for _, target := range references(name, text) {
			used[target] = true
			if _, err := fs.Stat(dashboard.FS(), target); err != nil {
				t.Errorf("%s refers to %s, which is not embedded", name, target)
			}
		}
	})
	eachFile(t, func(name, _ string) {
		if !used[name] {
			t.Errorf("%s is embedded and nothing refers to it", name)
		}
	})
}

func TestIconsExist(t *testing.T) {
	t.Parallel()
	sprite := read(t, "icons.svg")
	icon := regexp.MustCompile(`icons\.svg#([a-z]+)|\bicon\("([a-z]+)"\)`)
	eachFile(t, func(name, text string) {
		for _, m := range icon.FindAllStringSubmatch(text, -1) {
			if id := m[1] + m[2]; !strings.Contains(sprite, `id="`+id+`"`) {
				t.Errorf("%s draws icon %q, which icons.svg has not", name, id)
			}
		}
	})
}

// The pages are served under a policy that runs and loads nothing but these files.
func TestPagesObeyAStrictPolicy(t *testing.T) {
	t.Parallel()
	eachFile(t, func(name, text string) {
		for _, address := range elsewhere.FindAllString(text, -1) {
			if !allowed(address) {
				t.Errorf("%s names %s: nothing may come from elsewhere", name, address)
			}
		}
		for rule, fault := range faults(path.Ext(name)) {
			if found := fault.FindString(text); found != "" {
				t.Errorf("%s has %s: %q", name, rule, found)
			}
		}
	})
}

func TestPolicyRulesFindFaults(t *testing.T) {
	t.Parallel()
	for ext, samples := range map[string][]string{
		".html": {`<script>go()</script>`, `<p style="color:red">`, `<style>p{}</style>`, `<a onclick="go()">`},
		".js":   {`node.innerHTML = text`, `eval("1")`},
		".css":  {`@import "x.css"`, `background: url(x.png)`},
	} {
		for _, sample := range samples {
			caught := false
			for _, fault := range faults(ext) {
				caught = caught || fault.MatchString(sample)
			}
			if !caught {
				t.Errorf("no rule for %s catches %s", ext, sample)
			}
		}
	}
}

// The end-to-end tests drive the dashboard by these names.
func TestHooksStay(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	eachFile(t, func(_, text string) { all.WriteString(text) })
	for _, hook := range []string{
		"scrape-form", "field-business-type", "field-location", "field-max-results", "start-scrape", "job-row", "job-progress",
		"lead-row", "lead-count", "conn-state", "retry-job", "cancel-job", "enrich-pending",
	} {
		if !strings.Contains(all.String(), `"`+hook+`"`) {
			t.Errorf("no element has data-testid %q", hook)
		}
	}
}

func faults(ext string) map[string]*regexp.Regexp {
	switch ext {
	case ".html":
		return map[string]*regexp.Regexp{"an inline script": inlineScript, "an inline style": inlineStyle, "an inline handler": inlineHandler}
	case ".js":
		return map[string]*regexp.Regexp{"text that becomes markup or code": markupSink}
	case ".css":
		return map[string]*regexp.Regexp{"a reference the other tests do not follow": cssReference}
	default:
		return nil
	}
}

func references(name, text string) []string {
	var found []string
	switch path.Ext(name) {
	case ".html":
		found = matches(htmlReference, text)
	case ".js":
		for _, target := range matches(jsImport, text) {
			found = append(found, path.Join("/assets", path.Dir(name), target))
		}
		found = append(found, matches(jsAsset, text)...)
	}
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], "/assets/")
	}
	return found
}

func matches(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func allowed(address string) bool {
	for _, prefix := range allowedElsewhere {
		if strings.HasPrefix(address, prefix) {
			return true
		}
	}
	return false
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(dashboard.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func eachFile(t *testing.T, see func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(dashboard.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		see(name, read(t, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
