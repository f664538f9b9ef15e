package database_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"leadstream/adapters/database"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

func filters(t *testing.T, s store) {
	save(t, s, found("Joe's 100% Plumbing", func(p *business.Place) { p.Website, p.Category = "http://joe.example", "Plumber" }))
	b, _ := save(t, s, found("Änn's CAFÉ", func(p *business.Place) { p.City, p.Phone = "ÖREBRO", "+17325550101" }))
	c, _ := save(t, s, found(`Cafe_1\`))
	other := found("d")
	other.JobID, other.BusinessType = "s2", "COFFEE Röster"
	save(t, s, other)
	for id, contact := range map[int64]business.Contact{
		b.ID: {Kind: business.Email, Value: "a@a.example"}, c.ID: {Kind: business.Phone, Value: "+17325550102"},
	} {
		if _, err := s.SaveEnrichment(t.Context(), id, business.Enriched, []business.Contact{contact}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		filter app.BusinessFilter
		want   int
	}{
		{app.BusinessFilter{}, 4},
		{app.BusinessFilter{Text: "PLUMB"}, 1},
		{app.BusinessFilter{Text: "plumber"}, 1},
		{app.BusinessFilter{Text: "0%"}, 1},
		{app.BusinessFilter{Text: "%"}, 1},
		{app.BusinessFilter{Text: "_"}, 1},
		{app.BusinessFilter{Text: `\`}, 1},
		{app.BusinessFilter{Text: "joe's"}, 1},
		{app.BusinessFilter{Text: "main st"}, 4},
		{app.BusinessFilter{Text: "änn's café"}, 1},
		{app.BusinessFilter{Text: "\x00café"}, 1},
		{app.BusinessFilter{City: "örebro"}, 1},
		{app.BusinessFilter{City: "free"}, 0},
		{app.BusinessFilter{BusinessType: "Coffee RÖSTER"}, 1},
		{app.BusinessFilter{EnrichmentStatus: business.Enriched}, 2},
		{app.BusinessFilter{EnrichmentStatus: business.Pending}, 2},
		{app.BusinessFilter{JobID: "s2"}, 1},
		{app.BusinessFilter{HasEmail: true}, 1},
		{app.BusinessFilter{HasPhone: true}, 2},
		{app.BusinessFilter{HasWebsite: true}, 1},
		{app.BusinessFilter{HasWebsite: true, HasEmail: true}, 0},
		{app.BusinessFilter{Text: "'; DROP TABLE businesses; --"}, 0},
	} {
		page, err := s.List(t.Context(), tt.filter)
		if err != nil || page.Total != tt.want || len(page.Businesses) != tt.want {
			t.Errorf("%+v: %d of %d, want %d, %v", tt.filter, len(page.Businesses), page.Total, tt.want, err)
		}
	}
}

func pages(t *testing.T, s store) {
	for i := range 51 {
		save(t, s, found(fmt.Sprintf("p%02d", i)))
	}
	for _, tt := range []struct{ limit, want int }{{0, 50}, {1, 1}, {50, 50}, {51, 51}, {9999, 51}} {
		page, err := s.List(t.Context(), app.BusinessFilter{Limit: tt.limit})
		if err != nil || len(page.Businesses) != tt.want || page.Total != 51 || (page.NextCursor == "") != (tt.want == 51) {
			t.Errorf("limit %d: %d of %d, then %q, %v", tt.limit, len(page.Businesses), page.Total, page.NextCursor, err)
		}
	}
}

// cursors walks through every order while rows come and go.
func cursors(t *testing.T, s store) {
	stays := map[int64]string{}
	for i := range 23 {
		rating := 1 + float64(i%3)/2
		name := fmt.Sprintf("p%02d", i%9)
		if i%2 == 0 {
			name = fmt.Sprintf("P%02d é", i%9)
		}
		b, _ := save(t, s, found(name, func(p *business.Place) {
			p.CID = fmt.Sprint(i)
			if i%4 != 0 {
				p.Rating = &rating
			}
		}))
		stays[b.ID] = name
		if i%5 == 0 {
			s.clock.Advance(time.Millisecond)
		}
	}
	for _, order := range []string{"", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "rating", "-rating"} {
		seen := map[int64]bool{}
		filter := app.BusinessFilter{Sort: order, Limit: 4}
		for page := 0; page == 0 || filter.Cursor != ""; page++ {
			got, err := s.List(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range got.Businesses {
				if seen[b.ID] {
					t.Errorf("%q: %s twice", order, b.Place.Name)
				}
				seen[b.ID] = true
			}
			comeAndGo(t, s, order, page, got.Businesses, stays)
			filter.Cursor = got.NextCursor
		}
		for id, name := range stays {
			if !seen[id] {
				t.Errorf("%q: %s missed", order, name)
			}
		}
	}
}

// comeAndGo adds a row after each page, and takes away the last of the page where it may go.
func comeAndGo(t *testing.T, s store, order string, page int, rows []business.Business, stays map[int64]string) {
	t.Helper()
	save(t, s, found(fmt.Sprintf("p0%d new %s", page, order)))
	if last := rows[len(rows)-1]; stays[last.ID] == "" {
		if err := s.Delete(t.Context(), last.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func foreignCursors(t *testing.T, s store) {
	save(t, s, found("a"))
	save(t, s, found("b"))
	byName, err := s.List(t.Context(), app.BusinessFilter{Sort: "name", Limit: 1})
	if err != nil || byName.NextCursor == "" {
		t.Fatalf("%+v, %v", byName, err)
	}
	for field, list := range map[string][]app.BusinessFilter{
		"cursor": {
			{Cursor: "garbage!"}, {Cursor: "e30x"}, {Cursor: base64.RawURLEncoding.EncodeToString([]byte("{}"))},
			{Cursor: byName.NextCursor}, {Cursor: byName.NextCursor, Sort: "-name"},
		},
		"sort": {{Sort: "phone"}, {Sort: "--name"}, {Sort: "name; DROP TABLE businesses"}},
	} {
		for _, filter := range list {
			_, err := s.List(t.Context(), filter)
			if fields := fault.FieldsOf(err); len(fields) != 1 || fields[0].Location != field {
				t.Errorf("%+v: %v", filter, err)
			}
		}
	}
}

func unknownIDs(t *testing.T, s store) {
	_, readErr := s.Business(t.Context(), 99)
	_, enrichErr := s.SaveEnrichment(t.Context(), 99, business.Enriched, []business.Contact{{Kind: business.Email, Value: "a@a.example"}})
	notes := "x"
	_, annotateErr := s.Annotate(t.Context(), 99, annotation(&notes))
	_, nothingErr := s.Annotate(t.Context(), 99, app.Annotation{})
	for name, err := range map[string]error{
		"read": readErr, "enrich": enrichErr, "annotate": annotateErr, "annotate with nothing": nothingErr, "delete": s.Delete(t.Context(), 99),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func annotation(notes *string) app.Annotation { return app.Annotation{Notes: notes} }

func annotations(t *testing.T, s store) {
	b, _ := save(t, s, found("a"))
	notes, tags := "call on Monday", []string{"hot", "nj"}
	s.clock.Advance(time.Minute)
	if _, err := s.Annotate(t.Context(), b.ID, app.Annotation{Notes: &notes, Tags: &tags}); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Minute)
	got, err := s.Annotate(t.Context(), b.ID, app.Annotation{})
	if err != nil || got.Notes != notes || !slices.Equal(got.Tags, tags) || !got.UpdatedAt.Equal(b.UpdatedAt.Add(time.Minute)) {
		t.Errorf("%q %v at %s, %v", got.Notes, got.Tags, got.UpdatedAt, err)
	}
	if again, _ := save(t, s, found("a", func(p *business.Place) { p.Phone = "1" })); again.Notes != notes || !slices.Equal(again.Tags, tags) {
		t.Errorf("a second sighting answers %q %v", again.Notes, again.Tags)
	}
	none := []string{}
	if got, err := s.Annotate(t.Context(), b.ID, app.Annotation{Tags: &none}); err != nil || got.Notes != notes || len(got.Tags) != 0 {
		t.Errorf("%q %v, %v", got.Notes, got.Tags, err)
	}
}

func pending(t *testing.T, s store) {
	var ids []int64
	for i := range 5 {
		b, _ := save(t, s, found(fmt.Sprint("p", i)))
		ids = append(ids, b.ID)
	}
	if _, err := s.SaveEnrichment(t.Context(), ids[1], business.NoContacts, nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after int64
		limit int
		want  []int64
	}{
		{0, 2, []int64{ids[0], ids[2]}},
		{ids[2], 2, []int64{ids[3], ids[4]}},
		{ids[0], 100, []int64{ids[2], ids[3], ids[4]}},
		{ids[4], 2, nil},
	} {
		list, err := s.PendingEnrichment(t.Context(), tt.after, tt.limit)
		var got []int64
		for _, b := range list {
			got = append(got, b.ID)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("after %d: %v, want %v, %v", tt.after, got, tt.want, err)
		}
	}
}

func history(t *testing.T, s store) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	j := app.FinishedJob{
		JobID: "j1", Queue: "scraping", Name: "scrape_businesses", State: "failed", Data: []byte(`{"location":"Freehold"}`),
		FailedReason: "it's \x00", AttemptsMade: 2, CreatedAt: at, FinishedAt: at,
	}
	for _, finished := range []time.Time{at, at.UTC().Truncate(time.Millisecond), at.Add(time.Minute)} {
		j.FinishedAt = finished
		if err := s.RecordJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	wantRows(t, s, "job_history", 2)
}

func FuzzCursor(f *testing.F) {
	db := open(f, database.Options{DataDir: f.TempDir()})
	if err := db.Migrate(f.Context()); err != nil {
		f.Fatal(err)
	}
	for _, position := range []string{
		`{"sort":"name","id":1,"name":"a"}`, `{"sort":"-created_at","id":1,"time":1795521600123}`, `{"sort":"rating","id":-1,"rating":4.5}`,
		`{"sort":"created_at","time":-1}`, `{"sort":"name","name":"\u0000'"}`, `[]`, `null`,
	} {
		f.Add(position, "name")
		f.Add(position, "-created_at")
	}
	f.Fuzz(func(t *testing.T, position, order string) {
		for _, cursor := range []string{position, base64.RawURLEncoding.EncodeToString([]byte(position))} {
			_, err := db.List(t.Context(), app.BusinessFilter{Cursor: cursor, Sort: order})
			if err != nil && !fault.Is(err, fault.Invalid) && !errors.Is(err, t.Context().Err()) {
				t.Errorf("cursor %q of %q: %v", cursor, order, err)
			}
		}
	})
}
