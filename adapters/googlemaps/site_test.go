package googlemaps_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"leadstream/adapters/googlemaps"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

const nothingFound = "<html><body>Google Maps can't find it. Make sure your search is spelled correctly.</body></html>"

// site is a map site that behaves as a test needs it.
func site(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func searchSite(t *testing.T, r *rig, see *sightings) error {
	t.Helper()
	return r.source.Search(t.Context(), app.SearchQuery{BusinessType: "cafe", Location: "Freehold", MaxResults: 10}, see)
}

// TestConsentIsAnsweredOnce has a button that takes its time to do something.
func TestConsentIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	var clicks atomic.Int32
	base := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch _, err := r.Cookie("SOCS"); {
		case r.URL.Path == "/clicked":
			clicks.Add(1)
		case r.URL.Path == "/save":
			http.SetCookie(w, &http.Cookie{Name: "SOCS", Value: "1", Path: "/"})
			http.Redirect(w, r, "/maps/search/x", http.StatusSeeOther)
		case err != nil:
			_, _ = io.WriteString(w, `<html><form action="/save" method="post">
				<button type="button" aria-label="Reject all" onclick="fetch('/clicked'); setTimeout(() => this.form.submit(), 800)">No</button></form></html>`)
		default:
			_, _ = io.WriteString(w, nothingFound)
		}
	})
	r := newRig(t, func(o *googlemaps.Options) { o.BaseURL = base })
	if err := searchSite(t, r, &sightings{}); err != nil {
		t.Fatal(err)
	}
	if n := clicks.Load(); n != 1 {
		t.Errorf("the button was clicked %d times", n)
	}
}

// TestWhatTheBrowserShowsAndFetches looks at the requests from the other side,
// those of a browser that has had its last search included.
func TestWhatTheBrowserShowsAndFetches(t *testing.T) {
	t.Parallel()
	var (
		mu       sync.Mutex
		requests []*http.Request
	)
	base := site(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests = append(requests, r)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<style>@font-face{font-family:f;src:url(/f.woff2)} body{font-family:f}</style><img src="/i.png"><video src="/v.mp4" autoplay></video>`+
			nothingFound)
	})
	r := newRig(t, func(o *googlemaps.Options) { o.BaseURL, o.Language = base, "fr" })
	r.source.ReplaceBrowserAfter(2)
	var used []string
	for range 3 {
		if err := searchSite(t, r, &sightings{}); err != nil {
			t.Fatal(err)
		}
		used = append(used, profiles(r.dir)...)
	}
	testenv.Eventually(t, 15*time.Second, func() bool {
		now := profiles(r.dir)
		return len(now) == 1 && now[0] != used[0]
	}, "the used browser is replaced")
	mu.Lock()
	defer mu.Unlock()
	for _, request := range requests {
		agent := request.UserAgent()
		if strings.Contains(agent, "Headless") || !strings.Contains(agent, "Chrome/") || !strings.HasPrefix(request.Header.Get("Accept-Language"), "fr") {
			t.Errorf("shown as %q, speaking %q", agent, request.Header.Get("Accept-Language"))
		}
		if path := request.URL.Path; !strings.HasPrefix(path, "/maps/search/") && path != "/favicon.ico" {
			t.Errorf("fetched %s", path)
		}
	}
}

// TestUnknownPage keeps what a page that nobody knows looks like.
func TestUnknownPage(t *testing.T) {
	t.Parallel()
	var pattern atomic.Value
	pattern.Store("<html><body>Something new</body></html>")
	base := site(t, func(w http.ResponseWriter, r *http.Request) {
		if text, _ := pattern.Load().(string); text != "" {
			_, _ = io.WriteString(w, text)
			return
		}
		<-r.Context().Done() // never answers
	})
	r := newRig(t, func(o *googlemaps.Options) { o.BaseURL = base })
	r.source.Hurry(2*time.Second, time.Second)
	for i := range 12 {
		old := filepath.Join(r.dir, "evidence", fmt.Sprintf("2020%02d.png", i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(old), 0o700), os.WriteFile(old, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		see := &sightings{}
		err := searchSite(t, r, see)
		if !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "neither results nor") {
			t.Fatalf("error %v", err)
		}
		if notes := strings.Join(see.notes, "\n"); !strings.Contains(notes, ".html") || !strings.Contains(notes, ".png") {
			t.Errorf("notes %q", notes)
		}
	}
	kept, _ := filepath.Glob(filepath.Join(r.dir, "evidence", "*"))
	if len(kept) != 20 {
		t.Errorf("%d files are kept", len(kept))
	}
	pages, _ := filepath.Glob(filepath.Join(r.dir, "evidence", "*.html"))
	html, err := os.ReadFile(pages[len(pages)-1])
	if err != nil || !bytes.Contains(html, []byte("Something new")) {
		t.Errorf("kept %q, %v", html, err)
	}
	t.Run("no answer at all", func(t *testing.T) {
		pattern.Store("")
		if err := searchSite(t, r, &sightings{}); !fault.Is(err, fault.Transient) {
			t.Errorf("error %v", err)
		}
	})
}

// TestFeedThatIsCutOff has a site that refuses, or fails, after its first results.
func TestFeedThatIsCutOff(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	base := site(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/search" {
			w.WriteHeader(int(status.Load()))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<div role="feed" style="height:200px;overflow:scroll"><div class="Nv2PK" style="height:900px">
			<a class="hfpxzc" aria-label="Last One" href="/maps/place/Last/data=!1s0x1:0x2!8m2!3d1.5!4d2.5"></a></div></div>
			<script>document.querySelector('[role=feed]').onscroll = () => fetch('/search?tbm=map&q=x')</script>`)
	})
	r := newRig(t, func(o *googlemaps.Options) { o.BaseURL = base })
	r.source.Hurry(20*time.Second, 3*time.Second)
	for _, tt := range []struct {
		status int32
		kind   fault.Kind
	}{{http.StatusTooManyRequests, fault.Postponed}, {http.StatusBadGateway, fault.Transient}} {
		status.Store(tt.status)
		see := &sightings{}
		if err := searchSite(t, r, see); fault.KindOf(err) != tt.kind {
			t.Errorf("%d: error %v", tt.status, err)
		}
	}
	t.Run("no end is said", func(t *testing.T) {
		status.Store(http.StatusNoContent)
		see := &sightings{}
		if err := searchSite(t, r, see); err != nil || len(see.places) != 1 || see.places[0].CID != "2" {
			t.Errorf("%+v, %v", see.places, err)
		}
		if !strings.Contains(strings.Join(see.notes, "\n"), "without saying so") {
			t.Errorf("notes %q", see.notes)
		}
	})
}

// TestProxyWithPassword searches through a proxy that lets nobody in without one.
func TestProxyWithPassword(t *testing.T) {
	t.Parallel()
	var passed atomic.Int32
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:p@ss"))
	proxy := httptest.NewUnstartedServer(nil)
	t.Cleanup(proxy.Close)
	r := newRig(t, func(o *googlemaps.Options) {
		o.Proxy = "http://user:p%40ss@" + proxy.Listener.Addr().String()
	})
	forward := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", r.town.Addr(), p.In.Host
	}}
	proxy.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Proxy-Authorization") != want {
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		passed.Add(1)
		forward.ServeHTTP(w, request)
	})
	proxy.Start()
	for range 2 {
		see := &sightings{}
		if err := r.search(t.Context(), "plumbing", 25, see); err != nil || len(see.places) != 25 {
			t.Fatalf("%d places, %v", len(see.places), err)
		}
	}
	if passed.Load() == 0 {
		t.Error("nothing went through the proxy")
	}
}

// TestLeftovers removes the profiles of processes that are gone, whatever
// their numbers, and no others.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left, used, fresh := filepath.Join(dir, "browser", "profile-1"), filepath.Join(dir, "browser", "profile-2"), filepath.Join(dir, "browser", "profile-3")
	for _, profile := range []string{left, used, fresh} {
		if err := os.MkdirAll(filepath.Join(profile, "Default"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, profile := range []string{left, used} {
		if err := os.WriteFile(filepath.Join(profile, "owner"), fmt.Append(nil, os.Getpid()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	owner, err := os.Open(filepath.Join(used, "owner"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close() })
	if err := syscall.Flock(int(owner.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	source, err := googlemaps.New(googlemaps.Options{BaseURL: "http://maps.example", DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if got := profiles(dir); len(got) != 2 || got[0] != used || got[1] != fresh {
		t.Errorf("left are %v", got)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

func profiles(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "browser", "profile-*"))
	return found
}

// openPages asks the browser itself which pages it has open.
func openPages(t *testing.T, dir string) []string {
	t.Helper()
	var urls []string
	for _, profile := range profiles(dir) {
		port, err := os.ReadFile(filepath.Join(profile, "DevToolsActivePort"))
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(port), "\n")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+line+"/json/list", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var targets []struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		}
		err = json.NewDecoder(answer.Body).Decode(&targets)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range targets {
			urls = append(urls, target.Type+" "+target.URL)
		}
	}
	return urls
}
