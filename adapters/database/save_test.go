package database_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/database"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

func keptOnce(t *testing.T, s store) {
	rating, reviews, lat, lng := 4.5, 10, 40.26, -74.27
	full := business.Found{JobID: "s1", BusinessType: "plumbing", Place: business.Place{
		Name: "Joe's Plumbing \\ Söhne", Address: "1 Main St, Freehold, NJ 07728", Street: "1 Main St", City: "Freehold", State: "NJ",
		PostalCode: "07728", Country: "US", Phone: "+17325550100", PhoneNational: "(732) 555-0100", Website: "http://joe.example/", Category: "Plumber",
		Categories: []string{"Plumber", "Ünïcode"}, Rating: &rating, ReviewsCount: &reviews, Price: "$$",
		OpeningHours: []business.DayHours{{Day: "Monday", Hours: []string{"8 AM–6 PM"}}}, Latitude: &lat, Longitude: &lng,
		DataID: "0x1:0x2", CID: "2", PlaceID: "ChIJ1", KGMID: "/g/1", OSMID: "node/1", MapURL: "http://maps.example/1", Status: business.TemporarilyClosed,
		Attribution: "© Somebody",
	}}
	first, created := save(t, s, full)
	want := business.Business{
		ID: first.ID, Place: full.Place, BusinessType: "plumbing", EnrichmentStatus: business.Pending, FirstSeenJob: "s1",
		CreatedAt: time.Date(2026, 11, 24, 11, 0, 0, 123e6, time.UTC), UpdatedAt: time.Date(2026, 11, 24, 11, 0, 0, 123e6, time.UTC),
	}
	read, err := s.Business(t.Context(), first.ID)
	read.Tags, first.Tags = nil, nil // empty
	if !created || first.ID == 0 || err != nil || !reflect.DeepEqual(read, want) || !reflect.DeepEqual(first, want) {
		t.Errorf("created %v, saved\n%+v, read\n%+v, want\n%+v, %v", created, first, read, want, err)
	}
	again := full
	again.JobID = "s2"
	if second, created := save(t, s, again); created || second.ID != first.ID || second.FirstSeenJob != "s1" {
		t.Errorf("created %v: %+v", created, second)
	}
	if _, _, err := s.SaveFound(t.Context(), business.Found{JobID: "s1"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a place without a name: %v", err)
	}
}

func identity(t *testing.T, s store) {
	at := func(name, cid, placeID, kg string) business.Place {
		return business.Place{Name: name, Address: name + " Street 1", CID: cid, PlaceID: placeID, KGMID: kg}
	}
	for _, tt := range []struct {
		name        string
		known, seen business.Place
		same        bool
	}{
		{"one cid, other names", at("a", "1", "", ""), at("a2", "1", "", ""), true},
		{"one cid, as part of a data id", at("b", "255", "", ""), business.Place{Name: "b2", DataID: "0x1:0xff"}, true},
		{"one place id, other cids", at("c", "3", "ChIJc", ""), at("c2", "33", "ChIJc", ""), true},
		{"one knowledge graph id", at("d", "4", "", "/g/d"), at("d2", "", "", "/g/d"), true},
		{"one name and address, no ids", at("e", "", "", ""), at("E.", "", "", ""), true},
		{"one name and address, ids of the known alone", at("f", "6", "", ""), at("f", "", "", ""), true},
		{"one name and address, ids of the seen alone", at("g", "", "", ""), at("g", "7", "", ""), true},
		{"one name and address, two cids", at("h", "8", "", ""), at("h", "88", "", ""), false},
		{"one name and address, ids of two kinds", at("i", "9", "", ""), at("i", "", "ChIJi", ""), false},
		{"one name, two addresses", at("j", "", "", ""), business.Place{Name: "j", Address: "elsewhere"}, false},
		{"one name, an address and none", at("k", "", "", ""), business.Place{Name: "k"}, false},
	} {
		known, _ := save(t, s, business.Found{JobID: "s", Place: tt.known})
		seen, created := save(t, s, business.Found{JobID: "s", Place: tt.seen})
		again, twice := save(t, s, business.Found{JobID: "s", Place: tt.seen})
		if created == tt.same || (known.ID == seen.ID) != tt.same || twice || again.ID != seen.ID {
			t.Errorf("%s: rows %d, %d, %d, created %v", tt.name, known.ID, seen.ID, again.ID, created)
		}
	}
}

func knownValuesStand(t *testing.T, s store) {
	bare := found("a")
	bare.BusinessType = ""
	save(t, s, bare)
	rich := found("a", func(p *business.Place) { p.Phone, p.City, p.PlaceID = "+17325550100", "Elsewhere", "ChIJ-a" })
	b, _ := save(t, s, rich)
	if b.Place.Phone != "+17325550100" || b.Place.City != "Freehold" || b.BusinessType != "plumbing" {
		t.Errorf("completed to %+v", b)
	}
	if b, _ = save(t, s, bare); b.Place.Phone != "+17325550100" || b.BusinessType != "plumbing" {
		t.Errorf("a poorer sighting erased something: %+v", b)
	}
	if same, created := save(t, s, business.Found{JobID: "s", Place: business.Place{Name: "x", PlaceID: "ChIJ-a"}}); created || same.ID != b.ID {
		t.Error("a key learnt later does not lead to the row")
	}
}

// shownContacts are those that the source itself shows, of two sightings each once.
func shownContacts(t *testing.T, s store) {
	mail := business.Contact{Kind: business.Email, Value: "info@a.example", Confidence: 70, Provider: "osm"}
	social := business.Contact{Kind: business.Social, Value: "https://facebook.com/a", Confidence: 80, Provider: "osm"}
	with := func(c ...business.Contact) business.Found {
		return found("a", func(p *business.Place) { p.Contacts = c })
	}
	save(t, s, with(mail))
	b, created := save(t, s, with(mail, social))
	if created || len(b.Contacts) != 2 || b.Contacts[0].Value != social.Value || b.Contacts[1].Value != mail.Value {
		t.Errorf("created %v, contacts %+v", created, b.Contacts)
	}
	if b, _ = save(t, s, with()); len(b.Contacts) != 2 || b.EnrichmentStatus != business.Pending {
		t.Errorf("after a sighting without contacts: %+v", b)
	}
}

func withoutNews(t *testing.T, s store) {
	first, _ := save(t, s, found("a"))
	s.clock.Advance(time.Hour)
	if b, _ := save(t, s, found("a")); !b.UpdatedAt.Equal(first.UpdatedAt) {
		t.Errorf("updated at %s without news, was %s", b.UpdatedAt, first.UpdatedAt)
	}
	news, _ := save(t, s, found("a", func(p *business.Place) { p.Phone = "+17325550100" }))
	if !news.UpdatedAt.Equal(first.UpdatedAt.Add(time.Hour)) || !news.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("created at %s, updated at %s with news", news.CreatedAt, news.UpdatedAt)
	}
}

func racesMakeOneRow(t *testing.T, s store) {
	const places = 50
	processes := []*database.DB{s.DB, s.another(t)}
	var created atomic.Int64
	atOnce(8, func(i int) {
		for n := range places {
			_, first, err := processes[i%2].SaveFound(t.Context(), found(fmt.Sprint("p", n)))
			if err != nil {
				t.Error(err)
			}
			if first {
				created.Add(1)
			}
		}
	})
	if created.Load() != places {
		t.Errorf("%d said to be created, want %d", created.Load(), places)
	}
	wantRows(t, s, "businesses", places)
}

// racesOnWeakerKey saves sightings that share a key which is not the strongest of each.
func racesOnWeakerKey(t *testing.T, s store) {
	const places = 20
	atOnce(6, func(i int) {
		for n := range places {
			p := business.Place{Name: fmt.Sprint("p", n), Address: "1 Main St", PlaceID: fmt.Sprint("ChIJ", n)}
			switch i % 3 {
			case 1:
				p.CID = fmt.Sprint(n)
			case 2:
				p.PlaceID = "" // by name and address alone
			}
			if _, _, err := s.SaveFound(t.Context(), business.Found{JobID: "s", Place: p}); err != nil {
				t.Error(err)
			}
		}
	})
	wantRows(t, s, "businesses", places)
}

func racesLoseNoValue(t *testing.T, s store) {
	first, _ := save(t, s, found("a"))
	set := []func(p *business.Place){
		func(p *business.Place) { p.Phone = "1" }, func(p *business.Place) { p.Website = "1" }, func(p *business.Place) { p.Street = "1" },
		func(p *business.Place) { p.State = "1" }, func(p *business.Place) { p.Country = "1" }, func(p *business.Place) { p.Price = "1" },
		func(p *business.Place) { p.Category = "1" }, func(p *business.Place) { p.PostalCode = "1" },
	}
	atOnce(len(set), func(i int) {
		if _, _, err := s.SaveFound(t.Context(), found("a", set[i])); err != nil {
			t.Error(err)
		}
	})
	b, err := s.Business(t.Context(), first.ID)
	if p := b.Place; err != nil || p.Phone+p.Website+p.Street+p.State+p.Country+p.Price+p.Category+p.PostalCode != "11111111" {
		t.Errorf("something was lost: %+v, %v", p, err)
	}
}

func withoutNUL(t *testing.T, s store) {
	b, _ := save(t, s, found("a\x00b \xff", func(p *business.Place) { p.Categories = []string{"x\x00"} }))
	notes := "n\x00"
	contacts := []business.Contact{{Kind: business.Email, Value: "a\x00@a.example", Name: "\x00"}}
	if _, err := s.SaveEnrichment(t.Context(), b.ID, business.Enriched, contacts); err != nil {
		t.Error(err)
	}
	got, err := s.Annotate(t.Context(), b.ID, annotation(&notes))
	if err != nil || !strings.HasPrefix(got.Place.Name, "ab ") || got.Notes != "n" || got.Contacts[0].Value != "a@a.example" {
		t.Errorf("%+v, %v", got, err)
	}
}

func contactsKeptOnce(t *testing.T, s store) {
	b, _ := save(t, s, found("a"))
	mail := business.Contact{Kind: business.Email, Value: "info@a.example", Confidence: 60, Provider: "website", SourceURL: "http://a.example/"}
	phone := business.Contact{Kind: business.Phone, Value: "+17325550100", Confidence: 50, Provider: "website", Name: "Joe", Position: "Owner"}
	atOnce(4, func(int) {
		if _, err := s.SaveEnrichment(t.Context(), b.ID, business.Enriched, []business.Contact{mail, phone, mail}); err != nil {
			t.Error(err)
		}
	})
	better, worse := mail, phone
	better.Value, better.Confidence, better.Provider, better.Personal, better.Verification = "Info@A.example", 95, "hunter", true, "valid"
	worse.Confidence, worse.Provider = 10, "hunter"
	got, err := s.SaveEnrichment(t.Context(), b.ID, business.Enriched, []business.Contact{better, worse})
	if err != nil || len(got.Contacts) != 2 || got.EnrichmentStatus != business.Enriched {
		t.Fatalf("%+v, %v", got, err)
	}
	better.ID, phone.ID = got.Contacts[0].ID, got.Contacts[1].ID
	if got.Contacts[0] != better || got.Contacts[1] != phone {
		t.Errorf("best first: %+v", got.Contacts)
	}
	if again, _ := save(t, s, found("a")); len(again.Contacts) != 2 || again.Contacts[0] != better {
		t.Errorf("a second sighting answers %+v", again.Contacts)
	}
}

func deleting(t *testing.T, s store) {
	a, _ := save(t, s, found("a"))
	b, _ := save(t, s, found("b"))
	for _, id := range []int64{a.ID, b.ID} {
		mail := business.Contact{Kind: business.Email, Value: "i@" + strconv.FormatInt(id, 10)}
		if _, err := s.SaveEnrichment(t.Context(), id, business.Enriched, []business.Contact{mail}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	wantRows(t, s, "businesses", 1)
	wantRows(t, s, "contacts", 1)
	wantRows(t, s, "business_identities", 2) // of b: its cid, its name and address
	if again, created := save(t, s, found("a")); !created || again.ID == a.ID {
		t.Errorf("a deleted lead comes back as %d, created %v", again.ID, created)
	}
}

func cancelled(t *testing.T, s store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.SaveFound(ctx, found("a"))
	if !errors.Is(err, context.Canceled) || fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}
