package sandbox_test

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
)

func TestTownIsOneWorld(t *testing.T) {
	t.Parallel()
	town := sandbox.NewTown(sandbox.TownOptions{})
	if !reflect.DeepEqual(town.Businesses(), sandbox.NewTown(sandbox.TownOptions{}).Businesses()) {
		t.Error("two towns of one seed differ")
	}
	if reflect.DeepEqual(town.Businesses(), sandbox.NewTown(sandbox.TownOptions{Seed: 2}).Businesses()) {
		t.Error("towns of two seeds are the same")
	}
	if n := len(town.Businesses()); n != 300 {
		t.Errorf("%d businesses", n)
	}
	if n := len(sandbox.NewTown(sandbox.TownOptions{Size: 40}).Businesses()); n != 40 {
		t.Errorf("%d businesses, want 40", n)
	}
}

// TestIdentities holds for a larger town, too.
func TestIdentities(t *testing.T) {
	t.Parallel()
	unique := map[string]string{}
	phones := map[string]bool{}
	reserved := regexp.MustCompile(`^\+1\d{3}55501\d\d$`)
	for i, b := range sandbox.NewTown(sandbox.TownOptions{Size: 2000}).Businesses() {
		for _, key := range []string{strings.ToLower(b.Name), b.Host(), b.DataID, b.CID, b.PlaceID, b.KGMID} {
			if other := unique[key]; other != "" {
				t.Errorf("%s and %s share %s", other, b.Name, key)
			}
			unique[key] = b.Name
		}
		cid, err := strconv.ParseUint(b.CID, 10, 64)
		if err != nil || !strings.HasPrefix(b.DataID, "0x89c3") || !strings.HasSuffix(b.DataID, ":0x"+strconv.FormatUint(cid, 16)) {
			t.Errorf("%s has the data id %s and the CID %s", b.Name, b.DataID, b.CID)
		}
		if len(b.PlaceID) != 27 || !strings.HasPrefix(b.PlaceID, "ChIJ") {
			t.Errorf("place id %s", b.PlaceID)
		}
		if b.Phone != "" && (!reserved.MatchString(b.Phone) || i < 300 && phones[b.Phone]) {
			t.Errorf("%s has the number %s", b.Name, b.Phone)
		}
		phones[b.Phone] = true
	}
}

// TestProportions keeps the town as varied as tests and the demo count on.
func TestProportions(t *testing.T) {
	t.Parallel()
	kinds, places, trades := map[sandbox.SiteKind]int{}, map[sandbox.HidingPlace]int{}, map[string]int{}
	sites, known, phoneless, unrated, closed := 0, 0, 0, 0, 0
	silentButKnown := 0
	for _, b := range sandbox.NewTown(sandbox.TownOptions{}).Businesses() {
		kinds[b.Site]++
		trades[b.Trade.Word]++
		for _, c := range b.Contacts {
			places[c.Place]++
			if _, host, isMail := strings.Cut(c.Value, "@"); isMail != (c.Kind == "email") && c.Kind != "social" || isMail && c.Kind == "email" && !strings.HasSuffix(host, ".example") {
				t.Errorf("%s has the %s %s", b.Name, c.Kind, c.Value)
			}
		}
		count(&sites, b.Site != sandbox.NoSite)
		count(&known, len(b.Hunter) > 0)
		count(&silentButKnown, len(b.Hunter) > 0 && b.Site == sandbox.Silent)
		count(&phoneless, b.Phone == "")
		count(&unrated, b.Reviews == 0)
		count(&closed, b.Closed)
		if (b.Rating == 0) != (b.Reviews == 0) || b.Rating > 5 || b.Rating != 0 && b.Rating < 1 {
			t.Errorf("%s has %d reviews and the rating %v", b.Name, b.Reviews, b.Rating)
		}
	}
	for _, p := range sandbox.HidingPlaces() {
		if places[p] < 3 {
			t.Errorf("%d contacts hide in %s, want several", places[p], p)
		}
	}
	if len(kinds) != 12 {
		t.Errorf("%d kinds of websites: %v", len(kinds), kinds)
	}
	if len(trades) < 12 || trades["plumbing"] < 45 {
		t.Errorf("trades %v", trades)
	}
	for name, n := range map[string][3]int{ // at least, is, at most
		"have a website": {190, sites, 230}, "have one with contacts": {150, kinds[sandbox.Ordinary], 180}, "are known to Hunter": {80, known, 120},
		"are known to Hunter alone": {10, silentButKnown, 30}, "have no phone": {15, phoneless, 40}, "have no reviews": {15, unrated, 40}, "are closed": {3, closed, 10},
	} {
		if n[1] < n[0] || n[1] > n[2] {
			t.Errorf("%d %s, want %d to %d", n[1], name, n[0], n[2])
		}
	}
}

func count(n *int, is bool) {
	if is {
		*n++
	}
}

// TestDemoBeginsWell has usual websites first, and some that Hunter completes.
func TestDemoBeginsWell(t *testing.T) {
	t.Parallel()
	found := sandbox.NewTown(sandbox.TownOptions{}).Find("plumbing near Freehold, NJ")
	seen := map[sandbox.SiteKind]int{}
	for i, b := range found {
		if i < 30 && b.Site != sandbox.NoSite && b.Site != sandbox.Ordinary && b.Site != sandbox.Silent {
			t.Errorf("%s, number %d, has a %s website", b.Name, i, b.Site)
		}
		seen[b.Site]++
	}
	if seen[sandbox.Silent] == 0 || len(seen) < 5 {
		t.Errorf("kinds %v", seen)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	town := sandbox.NewTown(sandbox.TownOptions{})
	some := town.Businesses()[5]
	for query, want := range map[string][2]int{ // at least, at most
		"plumbing near Freehold, NJ":      {45, 120},
		"plumbing in Freehold, NJ":        {45, 120},
		"plumbing Freehold, NJ":           {45, 120},
		"Plumbing in Howell":              {1, 44},
		"plumbing Howell":                 {1, 44},
		"plumber near 07731":              {1, 44},
		"coffee shops near Colts Neck":    {1, 44},
		"businesses near Freehold, NJ":    {120, 120},
		some.Name:                         {1, 1},
		some.Name + " near Freehold":      {1, 1},
		strings.ToUpper(some.Name) + "  ": {1, 1},
		"plumbing near Timbuktu":          {0, 0},
		"plumbing near Benjamin":          {0, 0},
		"submarines near Freehold, NJ":    {0, 0},
	} {
		found := town.Find(query)
		if len(found) < want[0] || len(found) > want[1] {
			t.Errorf("%q finds %d, want %d to %d", query, len(found), want[0], want[1])
		}
		if want[1] == 1 && len(found) == 1 && found[0].Name != some.Name {
			t.Errorf("%q finds %s", query, found[0].Name)
		}
	}
}

// TestFindByName finds every business by its name, the one whose name begins
// like another's included.
func TestFindByName(t *testing.T) {
	t.Parallel()
	town := sandbox.NewTown(sandbox.TownOptions{})
	for _, b := range town.Businesses() {
		if found := town.Find(b.Name + " near Freehold, NJ"); len(found) != 1 || found[0].CID != b.CID {
			t.Errorf("%s finds %d", b.Name, len(found))
		}
	}
}
