package app_test

import (
	"encoding/json"
	"testing"

	"leadstream/app"
	"leadstream/domain/business"
)

func TestViewOfHoursAndPhone(t *testing.T) {
	t.Parallel()
	view := app.ViewBusiness(business.Business{Place: business.Place{
		Name: "A", Phone: "+17325550100", PhoneNational: "(732) 555-0100",
		OpeningHours: []business.DayHours{
			{Day: "Monday", Hours: []string{"9 AM–12 PM", "1–5:30 PM"}}, {Day: "Dienstag", Hours: []string{"Geschlossen"}},
			{Day: "mercredi", Hours: []string{"Ouvert 24h/24"}}, {Day: "opening_hours", Hours: []string{"sunrise-sunset"}}, {Day: "Friday"},
		},
	}})
	got, err := json.Marshal(view.OpeningHours)
	want := `[{"day":"Monday","hours":["9 AM–12 PM","1–5:30 PM"],"weekday":"monday","periods":[{"opens":"09:00","closes":"12:00"},{"opens":"13:00","closes":"17:30"}]},` +
		`{"day":"Dienstag","hours":["Geschlossen"],"weekday":"tuesday","periods":[]},` +
		`{"day":"mercredi","hours":["Ouvert 24h/24"],"weekday":"wednesday","periods":[{"opens":"00:00","closes":"24:00"}]},` +
		`{"day":"opening_hours","hours":["sunrise-sunset"],"weekday":null,"periods":null},{"day":"Friday","hours":[],"weekday":"friday","periods":null}]`
	if err != nil || string(got) != want {
		t.Errorf("hours are shown as\n%s, want\n%s, %v", got, want, err)
	}
	if *view.Phone != "+17325550100" || *view.PhoneNational != "(732) 555-0100" || app.ViewBusiness(business.Business{}).PhoneNational != nil {
		t.Errorf("the phone is shown as %q, %q", *view.Phone, *view.PhoneNational)
	}
}
