package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"leadstream/app"
)

func TestTableIsHarmless(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := table(&out, []string{"A", "B"}, [][]string{{"x\x1b[31m\nred\u202e", ""}, {"Ünïcode", "2"}}); err != nil {
		t.Fatal(err)
	}
	if want := "A          B\nx[31m red  -\nÜnïcode    2\n"; out.String() != want {
		t.Errorf("printed\n%q, want\n%q", out.String(), want)
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	if got := short(strings.Repeat("é", 100)); len([]rune(got)) != widest || !strings.HasSuffix(got, "…") {
		t.Errorf("%q", got)
	}
	if got := short("as it is"); got != "as it is" {
		t.Errorf("%q", got)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"location":"Freehold, NJ","business_type":"plumbing","source":"osm"}`: "plumbing near Freehold, NJ (osm)",
		`{"location":"Freehold, NJ","source":"osm"}`:                            "businesses near Freehold, NJ (osm)",
		`{"business_id":7}`: "contacts of business 7",
		`[]`:                "a_name",
	} {
		if got := describe(app.JobView{Name: "a_name", Data: json.RawMessage(data)}); got != want {
			t.Errorf("%s is %q, want %q", data, got, want)
		}
	}
}

// TestLeadFile keeps formulas from being run, and numbers as they are.
func TestLeadFile(t *testing.T) {
	t.Parallel()
	phone, rating, city := "+17325550100", 4.5, "@SUM(1)"
	lead := app.BusinessView{
		ID: 1, Name: "=HYPERLINK(\"http://evil.example\")", Phone: &phone, Rating: &rating, City: &city, Status: "open",
		Contacts: []app.ContactView{{Kind: "email", Value: "a@b.example"}, {Kind: "phone", Value: phone}, {Kind: "email", Value: "c@b.example"}},
	}
	var out bytes.Buffer
	if err := writeLeads(&out, "csv", []app.BusinessView{lead}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	for column, want := range map[string]string{
		"name": "'=HYPERLINK(\"http://evil.example\")", "phone": phone, "rating": "4.5", "city": "'@SUM(1)", "emails": "a@b.example; c@b.example",
		"other_phones": phone, "reviews_count": "", "attribution": "",
	} {
		if got := rows[1][slices.Index(rows[0], column)]; got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
	out.Reset()
	if err := writeLeads(&out, "json", nil); err != nil || strings.TrimSpace(out.String()) != "null" && strings.TrimSpace(out.String()) != "[]" {
		t.Errorf("no leads are %q, %v", out.String(), err)
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if newBar(&out).bar != nil {
		t.Error("a bar is drawn where no terminal is")
	}
	b := drawnBar(&out)
	b.show(50, "Found 5 of at most 10 places")
	b.show(100, "Done")
	b.show(40, "Contacts of 2 of 5 leads looked for")
	b.end()
	for _, words := range []string{"Found 5 of at most 10 places  50%", "Done  99%", "Contacts of 2 of 5 leads looked for  40%"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("%q was not drawn in %q", words, out.String())
		}
	}
}
