package sandbox_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/launcher/flags"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// browse starts a browser for which every .example host is the sandbox.
func browse(t *testing.T, s *sandbox.Server) *rod.Page {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	l := launcher.New().Bin(testenv.Browser(t)).Leakless(true).NoSandbox(os.Geteuid() == 0).UserDataDir(t.TempDir()).
		Set("host-resolver-rules", "MAP *.example "+s.Addr())
	for _, flag := range []flags.Flag{"disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		l.Set(flag)
	}
	address, err := l.Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Cleanup)
	browser := rod.New().ControlURL(address).NoDefaultDevice()
	if err := browser.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
	})
	return browser.Timeout(time.Minute).MustPage()
}

// shownCard is what a scraper reads of a card.
type shownCard struct {
	Name, Href, Rows, Rating, Phone, Website string
	Sponsored                                bool
}

const readCards = `() => [...document.querySelectorAll('div[role=feed] a.hfpxzc')].map(a => {
	const card = a.closest('div.Nv2PK'), text = selector => card.querySelector(selector)?.textContent || '';
	return {
		name: a.getAttribute('aria-label'), href: a.getAttribute('href'), phone: text('span.UsdlK'),
		rows: [...card.querySelectorAll('.W4Efsd .W4Efsd')].map(row => row.textContent).join('\n'),
		rating: card.querySelector('span[role=img]').getAttribute('aria-label'),
		website: card.querySelector('a.lcr4fd[aria-label^="Visit"]')?.getAttribute('href') || '',
		sponsored: !!card.querySelector('h1[aria-label="Sponsored"]') || card.previousElementSibling?.getAttribute('aria-label') === 'Sponsored',
	};
})`

// TestFeedInBrowser answers the question for consent, scrolls to the end
// through a reply that fails, and compares the cards with the truth.
func TestFeedInBrowser(t *testing.T) {
	t.Parallel()
	s, _ := start(t, sandbox.Options{})
	page := browse(t, s)
	page.MustNavigate(plumbing)
	page.MustElement(`button[aria-label="Reject all"]`).MustClick()
	page.MustElement(`div[role="feed"] div.Nv2PK`)
	if n := s.Stats().Kinds["consent"]; n != 2 {
		t.Errorf("%d consent pages and answers", n)
	}
	s.Faults().Set(sandbox.Switches{MapReplyFailNext: 1})
	testenv.Eventually(t, 30*time.Second, func() bool {
		return page.MustEval(`() => {
			const feed = document.querySelector('div[role=feed]');
			feed.scrollTop = 0;
			feed.scrollTop = feed.scrollHeight;
			return document.querySelector('span.HlvSq')?.textContent || '';
		}`).Str() == "You've reached the end of the list."
	}, "the list says that it has ended")
	var cards []shownCard
	if err := page.MustEval(readCards).Unmarshal(&cards); err != nil {
		t.Fatal(err)
	}
	compareCards(t, s.Town().Find("plumbing near Freehold, NJ"), cards)
	if stats := s.Stats(); stats.Kinds["map_image"] == 0 || stats.Kinds["map_reply"] != 5 {
		t.Errorf("hits %v", stats.Kinds)
	}
}

func compareCards(t *testing.T, truth []sandbox.Business, cards []shownCard) {
	t.Helper()
	var organic []shownCard
	for _, c := range cards {
		if !c.Sponsored {
			organic = append(organic, c)
		}
	}
	if len(organic) != len(truth) || len(cards) != len(truth)+3 {
		t.Fatalf("%d cards, %d without the sponsored, want %d", len(cards), len(organic), len(truth))
	}
	for i, b := range truth {
		c := organic[i]
		if c.Name != b.Name || !contains(c.Href, "!1s"+b.DataID+"!", "!19s"+b.PlaceID) || (c.Phone == "") != (b.Phone == "") || (c.Website == "") != (b.Website() == "") ||
			!contains(c.Rows, b.Trade.Category) || b.HasAddress && !contains(c.Rows, "\ue934", b.Street) || (c.Rating == "No reviews") != (b.Reviews == 0) {
			t.Errorf("card %d is %+v, want %+v", i, c, b)
		}
	}
}

func contains(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
}

// TestFirstResultsInThePage has cards before the first reply, and none twice.
func TestFirstResultsInThePage(t *testing.T) {
	t.Parallel()
	s, _ := start(t, sandbox.Options{})
	s.Faults().Set(sandbox.Switches{MapInlineFirst: true})
	page := browse(t, s)
	page.MustNavigate("http://maps.example/maps/search/plumbing%20in%20Howell?hl=de")
	page.MustElement(`button[aria-label="Alle ablehnen"]`).MustClick()
	page.MustElement(`span.HlvSq`)
	want := len(s.Town().Find("plumbing in Howell"))
	if n := len(page.MustElements(`div[role="feed"] a.hfpxzc`)); n != want+2 || s.Stats().Kinds["map_reply"] != 0 {
		t.Errorf("%d cards after %d replies, want %d and two sponsored", n, s.Stats().Kinds["map_reply"], want)
	}
}
