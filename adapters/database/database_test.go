package database_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"leadstream/adapters/database"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

// suite is what every database must do.
var suite = map[string]func(t *testing.T, db *database.DB){
	"places are kept once":            keptOnce,
	"identity":                        identity,
	"known values stand":              knownValuesStand,
	"races make one row":              racesMakeOneRow,
	"contacts are kept once":          contactsKeptOnce,
	"filters":                         filters,
	"cursors miss and repeat nothing": cursors,
	"unknown ids are not found":       unknownIDs,
	"annotations":                     annotations,
	"pending":                         pending,
	"history":                         history,
	"migrating again does nothing":    migrateAgain,
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T) *database.DB { return open(t, database.Options{DataDir: t.TempDir()}) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a Postgres")
	}
	dsn := testenv.Postgres(t)
	admin := open(t, database.Options{URL: dsn})
	n := 0
	run(t, func(t *testing.T) *database.DB {
		n++
		name := fmt.Sprintf("test%d", n)
		if err := admin.CreateDatabase(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		return open(t, database.Options{URL: dsn[:len(dsn)-len("postgres?sslmode=disable")] + name + "?sslmode=disable"})
	})
}

func run(t *testing.T, open func(t *testing.T) *database.DB) {
	t.Helper()
	for _, name := range slices.Sorted(keys(suite)) {
		t.Run(name, func(t *testing.T) { suite[name](t, open(t)) })
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func open(t *testing.T, o database.Options) *database.DB {
	t.Helper()
	db, err := database.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func found(name string, change ...func(*business.Place)) business.Found {
	p := business.Place{Name: name, Address: "1 Main St, Freehold, NJ", City: "Freehold", CID: "cid-" + name}
	for _, c := range change {
		c(&p)
	}
	return business.Found{JobID: "s1", BusinessType: "plumbing", Place: p}
}

func save(t *testing.T, db *database.DB, f business.Found) (business.Business, bool) {
	t.Helper()
	b, created, err := db.SaveFound(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return b, created
}

func keptOnce(t *testing.T, db *database.DB) {
	rating, reviews, lat := 4.5, 10, 40.26
	full := found("a", func(p *business.Place) {
		p.Rating, p.ReviewsCount, p.Latitude, p.Categories = &rating, &reviews, &lat, []string{"Plumber", "Ünïcode"}
		p.OpeningHours = []business.DayHours{{Day: "Monday", Hours: []string{"8 AM–6 PM"}}}
	})
	first, created := save(t, db, full)
	if !created || first.ID == 0 || first.EnrichmentStatus != business.Pending || first.FirstSeenJob != "s1" {
		t.Fatalf("created %v: %+v", created, first)
	}
	again := full
	again.JobID = "s2"
	second, created := save(t, db, again)
	if created || second.ID != first.ID || second.FirstSeenJob != "s1" {
		t.Errorf("created %v: %+v", created, second)
	}
	read, err := db.Business(t.Context(), first.ID)
	if err != nil || fmt.Sprintf("%+v", read.Place.Categories) != "[Plumber Ünïcode]" || *read.Place.Rating != rating ||
		*read.Place.ReviewsCount != reviews || *read.Place.Latitude != lat || read.Place.Longitude != nil || len(read.Place.OpeningHours) != 1 {
		t.Errorf("read %+v, %v", read, err)
	}
	if _, _, err := db.SaveFound(t.Context(), business.Found{JobID: "s1"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a place without a name: %v", err)
	}
}

func identity(t *testing.T, db *database.DB) {
	without := func(p *business.Place) { p.CID = "" }
	withPlaceID := func(p *business.Place) { p.CID, p.PlaceID = "", "ChIJ-a" }
	both := func(p *business.Place) { p.PlaceID = "ChIJ-a" }
	a, _ := save(t, db, found("a", both))
	for name, f := range map[string]business.Found{
		"the same cid under another name": {JobID: "s", Place: business.Place{Name: "A & Sons", CID: "cid-a"}},
		"the place id alone":              found("elsewhere", withPlaceID),
		"name and address without ids":    found("A", without),
	} {
		if b, created := save(t, db, f); created || b.ID != a.ID {
			t.Errorf("%s: created %v, id %d", name, created, b.ID)
		}
	}
	other := found("a", func(p *business.Place) { p.CID = "other" })
	if b, created := save(t, db, other); !created || b.ID == a.ID {
		t.Error("another cid at the same name and address was taken for the same")
	}
	elsewhere := found("a", without, func(p *business.Place) { p.Address = "9 Far Rd" })
	if _, created := save(t, db, elsewhere); !created {
		t.Error("the same name at another address was taken for the same")
	}
}

func knownValuesStand(t *testing.T, db *database.DB) {
	bare := found("a")
	save(t, db, bare)
	rich := found("a", func(p *business.Place) { p.Phone, p.City, p.PlaceID = "+17325550100", "Elsewhere", "ChIJ-a" })
	b, _ := save(t, db, rich)
	if b.Place.Phone != "+17325550100" || b.Place.City != "Freehold" {
		t.Errorf("completed to %+v", b.Place)
	}
	b, _ = save(t, db, bare)
	if b.Place.Phone != "+17325550100" {
		t.Errorf("a poorer sighting erased the phone: %+v", b.Place)
	}
	if same, created := save(t, db, business.Found{JobID: "s", Place: business.Place{Name: "x", PlaceID: "ChIJ-a"}}); created || same.ID != b.ID {
		t.Error("a key learnt later does not lead to the row")
	}
}

func racesMakeOneRow(t *testing.T, db *database.DB) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for range 8 {
		wg.Go(func() {
			for i := range 25 {
				_, first, err := db.SaveFound(t.Context(), found(fmt.Sprint("p", i)))
				if err != nil {
					t.Error(err)
				}
				if first {
					mu.Lock()
					created++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	page, err := db.List(t.Context(), app.BusinessFilter{Limit: 100})
	if err != nil || page.Total != 25 || len(page.Businesses) != 25 || created != 25 {
		t.Errorf("%d rows, %d said to be created, %v", page.Total, created, err)
	}
}

func contactsKeptOnce(t *testing.T, db *database.DB) {
	b, _ := save(t, db, found("a"))
	mail := business.Contact{Kind: business.Email, Value: "info@a.example", Confidence: 60, Provider: "website", SourceURL: "http://a.example/"}
	phone := business.Contact{Kind: business.Phone, Value: "+17325550100", Confidence: 50, Provider: "website"}
	for range 2 {
		if _, err := db.SaveEnrichment(t.Context(), b.ID, business.Enriched, []business.Contact{mail, phone, mail}); err != nil {
			t.Fatal(err)
		}
	}
	better, worse := mail, phone
	better.Value, better.Confidence, better.Provider, better.Personal = "Info@A.example", 95, "hunter", true
	worse.Confidence, worse.Provider = 10, "hunter"
	got, err := db.SaveEnrichment(t.Context(), b.ID, business.Enriched, []business.Contact{better, worse})
	if err != nil || len(got.Contacts) != 2 || got.EnrichmentStatus != business.Enriched {
		t.Fatalf("%+v, %v", got, err)
	}
	if c := got.Contacts[0]; c.Provider != "hunter" || c.Confidence != 95 || !c.Personal || c.Value != "Info@A.example" {
		t.Errorf("best contact %+v", c)
	}
	if c := got.Contacts[1]; c.Provider != "website" || c.Confidence != 50 {
		t.Errorf("other contact %+v", c)
	}
	if err := db.Delete(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if _, created := save(t, db, found("a")); !created {
		t.Error("a deleted lead still holds its identity")
	}
}

func filters(t *testing.T, db *database.DB) {
	save(t, db, found("Joe's 100% Plumbing", func(p *business.Place) { p.Website, p.Category = "http://joe.example", "Plumber" }))
	b, _ := save(t, db, found("Ann's Bakery", func(p *business.Place) { p.City, p.Phone = "Howell", "+17325550101" }))
	other := found("Cafe_1")
	other.JobID, other.BusinessType = "s2", "coffee"
	save(t, db, other)
	if _, err := db.SaveEnrichment(t.Context(), b.ID, business.Enriched, []business.Contact{{Kind: business.Email, Value: "a@a.example"}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		filter app.BusinessFilter
		want   int
	}{
		{app.BusinessFilter{}, 3},
		{app.BusinessFilter{Text: "PLUMB"}, 1},
		{app.BusinessFilter{Text: "0%"}, 1},
		{app.BusinessFilter{Text: "%"}, 1},
		{app.BusinessFilter{Text: "_"}, 1},
		{app.BusinessFilter{Text: "main st"}, 3},
		{app.BusinessFilter{City: "howell"}, 1},
		{app.BusinessFilter{BusinessType: "Coffee"}, 1},
		{app.BusinessFilter{EnrichmentStatus: business.Enriched}, 1},
		{app.BusinessFilter{JobID: "s2"}, 1},
		{app.BusinessFilter{HasEmail: true}, 1},
		{app.BusinessFilter{HasPhone: true}, 1},
		{app.BusinessFilter{HasWebsite: true}, 1},
		{app.BusinessFilter{HasWebsite: true, HasEmail: true}, 0},
		{app.BusinessFilter{Text: "'; DROP TABLE businesses; --"}, 0},
	} {
		tt.filter.Limit = 10
		page, err := db.List(t.Context(), tt.filter)
		if err != nil || page.Total != tt.want || len(page.Businesses) != tt.want {
			t.Errorf("%+v: %d of %d, want %d, %v", tt.filter, len(page.Businesses), page.Total, tt.want, err)
		}
	}
}

func cursors(t *testing.T, db *database.DB) {
	for i := range 23 {
		rating := float64(i % 3)
		save(t, db, found(fmt.Sprintf("p%02d", i), func(p *business.Place) {
			if i%4 != 0 {
				p.Rating = &rating
			}
		}))
	}
	for _, order := range []string{"", "created_at", "-created_at", "name", "-name", "rating", "-rating"} {
		seen := map[int64]bool{}
		filter := app.BusinessFilter{Sort: order, Limit: 4}
		for page := 0; ; page++ {
			got, err := db.List(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range got.Businesses {
				if seen[b.ID] {
					t.Errorf("%q: %s twice", order, b.Place.Name)
				}
				seen[b.ID] = true
			}
			if page == 1 { // rows come while pages are read
				save(t, db, found("new "+order))
			}
			if got.NextCursor == "" {
				break
			}
			filter.Cursor = got.NextCursor
		}
		for id := int64(1); id <= 23; id++ {
			if !seen[id] {
				t.Errorf("%q: row %d missed", order, id)
			}
		}
	}
	for _, filter := range []app.BusinessFilter{{Cursor: "garbage!", Limit: 1}, {Cursor: "e30x", Limit: 1}, {Sort: "phone", Limit: 1}} {
		if _, err := db.List(t.Context(), filter); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", filter, err)
		}
	}
}

func unknownIDs(t *testing.T, db *database.DB) {
	notes := "x"
	_, readErr := db.Business(t.Context(), 99)
	_, enrichErr := db.SaveEnrichment(t.Context(), 99, business.Enriched, nil)
	_, annotateErr := db.Annotate(t.Context(), 99, app.Annotation{Notes: &notes})
	for name, err := range map[string]error{"read": readErr, "enrich": enrichErr, "annotate": annotateErr, "delete": db.Delete(t.Context(), 99)} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func annotations(t *testing.T, db *database.DB) {
	b, _ := save(t, db, found("a"))
	notes, tags := "call on Monday", []string{"hot", "nj"}
	if _, err := db.Annotate(t.Context(), b.ID, app.Annotation{Notes: &notes, Tags: &tags}); err != nil {
		t.Fatal(err)
	}
	got, err := db.Annotate(t.Context(), b.ID, app.Annotation{})
	if err != nil || got.Notes != notes || !slices.Equal(got.Tags, tags) {
		t.Errorf("%q %v, %v", got.Notes, got.Tags, err)
	}
}

func pending(t *testing.T, db *database.DB) {
	var ids []int64
	for i := range 5 {
		b, _ := save(t, db, found(fmt.Sprint("p", i)))
		ids = append(ids, b.ID)
	}
	if _, err := db.SaveEnrichment(t.Context(), ids[1], business.NoContacts, nil); err != nil {
		t.Fatal(err)
	}
	var got []int64
	for after := int64(0); ; {
		page, err := db.PendingEnrichment(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, b := range page {
			got = append(got, b.ID)
		}
		after = got[len(got)-1]
	}
	if !slices.Equal(got, []int64{ids[0], ids[2], ids[3], ids[4]}) {
		t.Errorf("pending %v", got)
	}
}

func history(t *testing.T, db *database.DB) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 123e6, time.UTC)
	j := app.FinishedJob{JobID: "j1", Queue: "scraping", State: "failed", FinishedAt: at}
	for _, finished := range []time.Time{at, at, at.Add(time.Minute)} {
		j.FinishedAt = finished
		if err := db.RecordJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.HistoryLength(t.Context()); n != 2 || err != nil {
		t.Errorf("%d rows for two runs, %v", n, err)
	}
}

func migrateAgain(t *testing.T, db *database.DB) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := db.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := db.Migrations(t.Context())
	if err != nil || len(list) == 0 || !list[0].Applied {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestOpenRefusesOtherDatabases(t *testing.T) {
	t.Parallel()
	if _, err := database.Open(database.Options{URL: "mysql://x/y"}); err == nil {
		t.Error("mysql was accepted")
	}
}
