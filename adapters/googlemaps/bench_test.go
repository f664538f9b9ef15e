package googlemaps_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"

	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// The site of the benchmark takes its time, and its pages keep memory, about
// as the real one does.
var benchTown = sandbox.Options{PageDelay: time.Second, FeedDelay: 400 * time.Millisecond, PageHeap: 40}

// BenchmarkScrape compares reading the feed's replies with opening a page for
// each place, as most scrapers do, in the same browser on the same site. It
// reports places a minute and the peak memory of the browser's processes:
// resident (rss-MB, in which pages that they share count for each) and
// proportional (pss-MB).
func BenchmarkScrape(b *testing.B) {
	const wanted = 120
	for _, searches := range []int{1, 2} {
		b.Run(fmt.Sprintf("replies/searches=%d", searches), func(b *testing.B) {
			r := newWorld(b, func(o *rigOptions) { o.sandbox = benchTown })
			measure(b, r.dir, func() int {
				return atOnce(b, searches, func() (int, error) {
					see := &sightings{}
					err := r.search(b.Context(), "businesses", wanted, see)
					return len(see.places), err
				})
			})
		})
	}
	for _, tabs := range []int{1, 8} {
		b.Run(fmt.Sprintf("page-per-place/tabs=%d", tabs), func(b *testing.B) {
			town, err := sandbox.Start(context.Background(), benchTown)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = town.Close() }()
			dir := b.TempDir()
			measure(b, dir, func() int { return pagePerPlace(b, town, dir, tabs, 15*min(tabs, wanted/15)) })
		})
	}
}

func atOnce(b *testing.B, n int, search func() (int, error)) int {
	b.Helper()
	found, failures := make([]int, n), make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { found[i], failures[i] = search() })
	}
	running.Wait()
	if err := errors.Join(failures...); err != nil {
		b.Fatal(err)
	}
	sum := 0
	for _, n := range found {
		sum += n
	}
	return sum
}

// measure reports the rate of places, and the peak of memory.
func measure(b *testing.B, dir string, scrape func() int) {
	b.Helper()
	done := make(chan struct{})
	var watching sync.WaitGroup
	var rss, pss int
	watching.Go(func() {
		for {
			r, p := memory(dir)
			rss, pss = max(rss, r), max(pss, p)
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	places := 0
	b.ResetTimer()
	for b.Loop() {
		places += scrape()
	}
	b.StopTimer()
	close(done)
	watching.Wait()
	b.ReportMetric(float64(places)/b.Elapsed().Minutes(), "places/min")
	b.ReportMetric(float64(rss)/1024, "rss-MB")
	b.ReportMetric(float64(pss)/1024, "pss-MB")
}

// memory sums what a browser and all its descendants occupy, in KiB.
func memory(dir string) (rss, pss int) {
	for pid := range tree(dir) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // has ended
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			n, _ := strconv.Atoi(words[1])
			switch words[0] {
			case "Rss:":
				rss += n
			case "Pss:":
				pss += n
			}
		}
	}
	return rss, pss
}

func tree(dir string) map[int]bool {
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		_, rest, _ := strings.Cut(string(text), ") ") // after the name, which may have spaces
		words := strings.Fields(rest)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && len(words) > 1 {
			parents[pid], _ = strconv.Atoi(words[1])
		}
	}
	members := map[int]bool{}
	for _, pid := range processes(dir) {
		members[pid] = true
	}
	for grown := true; grown; {
		grown = false
		for pid, parent := range parents {
			if members[parent] && !members[pid] {
				members[pid], grown = true, true
			}
		}
	}
	return members
}

// pagePerPlace scrapes the other way: it scrolls the feed for its links, and
// opens each in a tab.
func pagePerPlace(b *testing.B, town *sandbox.Server, dir string, tabs, wanted int) int {
	b.Helper()
	l := launcher.New().Bin(testenv.Browser(b)).Leakless(true).NoSandbox(os.Geteuid() == 0).UserDataDir(filepath.Join(dir, "profile")).
		Set("host-resolver-rules", outbound.Overrides{{Pattern: "*.example", Addr: town.Addr()}}.ChromiumRules())
	address, err := l.Launch()
	if err != nil {
		b.Fatal(err)
	}
	browser := rod.New().ControlURL(address).NoDefaultDevice()
	if err := browser.Connect(); err != nil {
		b.Fatal(err)
	}
	defer l.Cleanup()
	defer func() { _ = browser.Close() }()
	links := make(chan string)
	go func() {
		defer close(links)
		for _, link := range feedLinks(b, browser)[:wanted] {
			links <- link
		}
	}()
	return atOnce(b, tabs, func() (read int, err error) {
		for link := range links {
			err = errors.Join(err, readPage(browser, link))
			read++
		}
		return read, err
	})
}

func feedLinks(b *testing.B, browser *rod.Browser) []string {
	b.Helper()
	page, err := browser.Page(proto.TargetCreateTarget{URL: "http://maps.example/maps/search/businesses near Freehold, NJ?hl=en&gl=us"})
	if err != nil {
		b.Error(err)
		return nil
	}
	defer func() { _ = page.Close() }()
	if button, err := page.Element(`button[aria-label="Reject all"]`); err == nil {
		_ = button.Click(proto.InputMouseButtonLeft, 1)
	}
	if _, err := page.Element(`div[role="feed"] a.hfpxzc`); err != nil {
		b.Error(err)
	}
	var links []string
	testenv.Eventually(b, time.Minute, func() bool {
		ended, err := page.Eval(`() => {
			const feed = document.querySelector('div[role="feed"]');
			feed.scrollTop = feed.scrollHeight;
			return !!feed.querySelector('span.HlvSq');
		}`)
		return err == nil && ended.Value.Bool()
	}, "the feed ends")
	shown, err := page.Eval(`() => [...document.querySelectorAll('div[role="feed"] a.hfpxzc[href*="!19s"]')].map(a => a.href)`)
	if err == nil {
		err = shown.Value.Unmarshal(&links)
	}
	if err != nil {
		b.Error(err)
	}
	return links
}

func readPage(browser *rod.Browser, link string) error {
	page, err := browser.Page(proto.TargetCreateTarget{URL: link})
	if err != nil {
		return err
	}
	defer func() { _ = page.Close() }()
	if _, err := page.Element("h1.DUwDvf"); err != nil {
		return err
	}
	_, err = page.Eval(`() => [...document.querySelectorAll('[data-item-id]')].map(e => e.getAttribute('aria-label'))`)
	return err
}
