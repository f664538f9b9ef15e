package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/input"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestDashboard uses the dashboard as a person does: it starts a scrape, sees
// it run from 0 to 100 % while leads appear, and their contacts follow.
// With SCREENSHOT_DIR set it keeps pictures there.
func TestDashboard(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{FeedDelay: 1500 * time.Millisecond, SlowBy: 100 * time.Millisecond})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=120/1m")
	page := openPage(t, s.url+"/")
	fill(t, page, "field-business-type", "plumbing")
	fill(t, page, "field-location", "Freehold, NJ")
	element(t, page, "start-scrape").MustClick()

	var id string
	testenv.Eventually(t, soon, func() bool {
		jobs := s.get("/api/jobs?queue=scraping").body["jobs"].([]any)
		if len(jobs) == 1 {
			id = jobs[0].(map[string]any)["jobId"].(string)
		}
		return id != ""
	}, "the form has queued a scrape")
	row := `[data-testid="job-row"][data-job-id="` + id + `"]`
	seen := map[string]bool{}
	whileRunning := 0
	testenv.Eventually(t, 2*soon, func() bool {
		status := page.MustEval(`s => document.querySelector(s)?.dataset.status || ''`, row).Str()
		progress := page.MustEval(`s => document.querySelector(s)?.querySelector('[aria-valuenow]')?.getAttribute('aria-valuenow') || ''`, row).Str()
		leads := page.MustEval(`() => document.querySelectorAll('[data-testid="lead-row"]').length`).Int()
		seen[progress] = true
		if status == "active" {
			if leads > whileRunning {
				screenshot(t, page, "running")
			}
			whileRunning = max(whileRunning, leads)
		}
		return status == "completed"
	}, "the job's row shows that it is completed")
	if whileRunning < 20 {
		t.Errorf("%d leads appeared while the scrape ran, want at least 20", whileRunning)
	}
	if len(seen) < 4 {
		t.Errorf("the bar was seen at %v alone", seen)
	}
	testenv.Eventually(t, 2*soon, func() bool {
		return page.MustEval(`() => document.querySelectorAll('[data-testid="lead-row"][data-enrichment-status="enriched"]').length`).Int() >= 10
	}, "contacts follow by themselves")
	for _, lead := range s.businesses() {
		if number := text(lead["phone_national"]); number != "" && !page.MustHas(`[data-testid="lead-row"] a[href="tel:`+text(lead["phone"])+`"]`) {
			t.Errorf("%s cannot be called", number)
		} else if number != "" && page.MustElement(`[data-testid="lead-row"] a[href="tel:`+text(lead["phone"])+`"]`).MustText() != number {
			t.Errorf("%s is shown in another form", number)
		}
	}
	screenshot(t, page, "dashboard")
}

func openPage(t *testing.T, url string) *rod.Page {
	t.Helper()
	l := launcher.New().Bin(testenv.Browser(t)).NoSandbox(os.Geteuid() == 0).UserDataDir(t.TempDir()).
		Set("disable-quic").Set("no-first-run").Set("disable-background-networking").Set("disable-component-update").Set("disable-sync").Set("disable-gpu")
	address, err := l.Launch()
	if err != nil {
		t.Fatal(err)
	}
	browser := rod.New().ControlURL(address).NoDefaultDevice().MustConnect()
	t.Cleanup(func() {
		_ = browser.Close()
		l.Kill()
		l.Cleanup()
	})
	page := browser.MustPage(url).Timeout(3 * time.Minute)
	page.MustSetViewport(1280, 1000, 1, false)
	page.MustWaitLoad()
	return page
}

func element(t *testing.T, page *rod.Page, testID string) *rod.Element {
	t.Helper()
	e, err := page.Element(`[data-testid="` + testID + `"]`)
	if err != nil {
		t.Fatalf("element %s: %v", testID, err)
	}
	return e
}

func fill(t *testing.T, page *rod.Page, testID, text string) {
	t.Helper()
	field := element(t, page, testID)
	field.MustSelectAllText().MustInput(text)
	field.MustType(input.Tab)
}

func screenshot(t *testing.T, page *rod.Page, name string) {
	t.Helper()
	dir := os.Getenv("SCREENSHOT_DIR")
	if dir == "" {
		return
	}
	quality := 90
	picture, err := page.Screenshot(false, &proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng, Quality: &quality})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
