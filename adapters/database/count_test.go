package database_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
)

// counting moves the clock from yesterday to today, and on.
func counting(t *testing.T, s store) {
	today := s.clock.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	lately := today.Add(2 * time.Hour)
	finish := func(id, state string) {
		j := app.FinishedJob{JobID: id, Queue: "scraping", Name: "x", State: state, CreatedAt: s.clock.Now(), FinishedAt: s.clock.Now()}
		if err := s.RecordJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	enrich := func(id int64, values ...string) {
		var contacts []business.Contact
		for _, v := range values {
			contacts = append(contacts, business.Contact{Kind: business.Email, Value: v})
		}
		if _, err := s.SaveEnrichment(t.Context(), id, business.Enriched, contacts); err != nil {
			t.Fatal(err)
		}
	}
	want := func(w app.Totals) {
		t.Helper()
		if got, err := s.Count(t.Context(), today, lately); err != nil || !reflect.DeepEqual(got, w) {
			t.Errorf("counted\n%+v, want\n%+v, %v", got, w, err)
		}
	}
	want(app.Totals{Businesses: map[string]int{}, JobsToday: map[string]int{}})
	old, _ := save(t, s, found("yesterday's"))
	enrich(old.ID, "old@a.example")
	finish("j1", "completed")
	s.clock.Advance(today.Sub(s.clock.Now()))
	fresh, _ := save(t, s, found("today's"))
	enrich(fresh.ID, "a@a.example", "b@a.example")
	finish("j2", "failed")
	s.clock.Advance(3 * time.Hour)
	for i := range 3 {
		save(t, s, found(fmt.Sprint("lately", i)))
		finish(fmt.Sprint("j3", i), "completed")
	}
	want(app.Totals{
		Businesses: map[string]int{"pending": 3, "enriched": 2}, BusinessesToday: 4, BusinessesLately: 3, EnrichedToday: 1,
		Contacts: 3, ContactsToday: 2, JobsToday: map[string]int{"completed": 3, "failed": 1}, JobsLately: 3,
	})
	outcomes, err := s.Outcomes(t.Context(), today)
	if want := map[string]map[string]int{"scraping": {"completed": 3, "failed": 1}}; err != nil || !reflect.DeepEqual(outcomes, want) {
		t.Errorf("outcomes %v, want %v, %v", outcomes, want, err)
	}
}
