package e2e

import (
	"testing"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestAttributionIsShown: the licence of OpenStreetMap's data wants its
// contributors named where the data are shown.
func TestAttributionIsShown(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil)
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "dentist", "radius": 50, "max_results": 1, "enrich": false, "source": "osm"})
	s.reaches(id, "completed", soon)
	page := openPage(t, s.url+"/")
	testenv.Eventually(t, soon, func() bool {
		return page.MustEval(`() => {
			const toggle = document.querySelector('[data-testid="lead-row"] [aria-expanded="false"]');
			toggle?.click();
			const facts = document.querySelector('.lead-facts');
			return (facts?.textContent || '').includes('© OpenStreetMap contributors') && facts.querySelector('a').href.startsWith('https://www.openstreetmap.org/');
		}`).Bool()
	}, "the lead names its contributors, and links to their map")
}
