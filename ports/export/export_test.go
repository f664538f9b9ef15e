package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/ports/export"
)

// pipes is a lead with everything, and some of it meant to hurt.
var pipes = app.BusinessView{
	ID: 7, Name: `=HYPERLINK("http://evil.example","Pipes")`, Address: new("1 Main St, Freehold, NJ"), Street: new("1 Main St"), City: new("Freehold"),
	State: new("NJ"), PostalCode: new("07728"), Country: new("US"), Phone: new("+17325550101"), PhoneNational: new("(732) 555-0101"), Website: new("https://www.Pipes.example/x"),
	Category: new("Plumber"), Categories: []string{"Plumber", "Drains, \"quick\""}, Rating: new(4.5), ReviewsCount: new(12), Latitude: new(40.26), Longitude: new(-74.27),
	PlaceID: new("ChIJx"), CID: new("17"), Status: "permanently_closed", EnrichmentStatus: "enriched", BusinessType: new("plumbing"),
	OpeningHours: []app.DayHoursView{{Day: "Monday", Hours: []string{"9–12", "13–17"}}}, Tags: []string{"a", "b"}, Notes: new("two\nlines"),
	Contacts: []app.ContactView{
		{ID: 1, Kind: "email", Value: "joe@pipes.example", Name: "Joe van Pipe", Position: "Owner", Role: "personal"},
		{ID: 2, Kind: "email", Value: "info@pipes.example"}, {ID: 3, Kind: "phone", Value: "+17325550102"}, {ID: 4, Kind: "social", Value: "https://social.example/pipes"},
	},
	CreatedAt: "2026-11-24T12:00:00.000Z", UpdatedAt: "2026-11-24T12:00:00.000Z",
}

// bare is a lead of which only the name is known.
var bare = app.BusinessView{ID: 8, Name: "Ünü", Status: "open", EnrichmentStatus: "pending", Categories: []string{}, Contacts: []app.ContactView{}, Tags: []string{}}

func encode(t *testing.T, format, preset string, leads ...app.BusinessView) []byte {
	t.Helper()
	kind, err := export.Parse(format, preset)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	e, err := kind.Encoder(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range leads {
		if err := e.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// table reads CSV into a map for each lead.
func table(t *testing.T, file []byte) []map[string]string {
	t.Helper()
	text, marked := strings.CutPrefix(string(file), "\uFEFF")
	if !marked || !utf8.ValidString(text) {
		t.Errorf("no UTF-8 with a mark: %.20q", file)
	}
	if strings.Count(text, "\n") != strings.Count(text, "\r\n")+strings.Count(text, "two\nlines") {
		t.Errorf("lines do not end with CRLF: %q", text)
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	rows := make([]map[string]string, len(lines)-1)
	for i, line := range lines[1:] {
		rows[i] = map[string]string{}
		for j, value := range line {
			rows[i][lines[0][j]] = value
		}
	}
	return rows
}

var wanted = map[string]map[string]string{
	"leadstream": {
		"id": "7", "name": `'=HYPERLINK("http://evil.example","Pipes")`, "phone": "+17325550101", "phone_national": "(732) 555-0101", "best_email": "joe@pipes.example",
		"emails": "joe@pipes.example; info@pipes.example", "phones": "'+17325550102; x", "socials": "https://social.example/pipes", "contact_name": "Joe van Pipe",
		"categories": "Plumber; Drains, \"quick\"", "rating": "4.5", "reviews_count": "12", "longitude": "-74.27", "opening_hours": "Monday: 9–12, 13–17",
		"notes": "two\nlines", "tags": "a; b", "price": "",
	},
	"apify": {
		"title": `'=HYPERLINK("http://evil.example","Pipes")`, "location/lat": "40.26", "location/lng": "-74.27", "totalScore": "4.5", "permanentlyClosed": "true",
		"temporarilyClosed": "false", "placeId": "ChIJx", "cid": "17", "countryCode": "US", "searchString": "plumbing", "postalCode": "07728", "phone": "(732) 555-0101", "phoneUnformatted": "+17325550101",
	},
	"hubspot": {
		"Company domain name": "pipes.example", "Phone number": "+17325550101", "Email": "joe@pipes.example", "First name": "Joe van", "Last name": "Pipe",
		"Job title": "Owner", "State/Region": "NJ",
	},
	"salesforce": {"Company": `'=HYPERLINK("http://evil.example","Pipes")`, "LastName": "Pipe", "FirstName": "Joe van", "Title": "Owner", "LeadSource": "Leadstream"},
}

func TestPresetsInCSV(t *testing.T) {
	t.Parallel()
	if len(wanted) != len(export.Presets()) {
		t.Errorf("presets %v", export.Presets())
	}
	for preset, want := range wanted {
		lead := pipes
		if preset == "leadstream" {
			lead.Contacts = append(slices.Clone(pipes.Contacts), app.ContactView{ID: 5, Kind: "phone", Value: "x"})
		}
		rows := table(t, encode(t, "csv", preset, lead, bare))
		if len(rows) != 2 {
			t.Fatalf("%s: %d rows", preset, len(rows))
		}
		for column, value := range want {
			if got, there := rows[0][column]; !there || got != value {
				t.Errorf("%s: %s is %q, want %q", preset, column, got, value)
			}
		}
	}
	if row := table(t, encode(t, "csv", "salesforce", bare))[0]; row["LastName"] != "[not provided]" || row["Company"] != "Ünü" {
		t.Errorf("Salesforce needs a last name: %v", row)
	}
}

func TestCellsAreHarmless(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "+1", "-1.5": "-1.5", "+17325550101": "+17325550101", "+1 732": "'+1 732", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", " =1": "' =1", "\u00a0=1": "'\u00a0=1", "＝1": "'＝1", "|cmd": "'|cmd", "%0A": "'%0A", "Joe's = good": "Joe's = good", "": "", "a": "a",
	} {
		lead := bare
		lead.Name = name
		if got := table(t, encode(t, "csv", "", lead))[0]["name"]; got != want {
			t.Errorf("%q is written as %q, want %q", name, got, want)
		}
	}
}

func sheet(t *testing.T, file []byte, name string) (*excelize.File, [][]string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	rows, err := book.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	return book, rows
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	long := bare
	long.Notes = new(strings.Repeat("é", 40_000))
	book, rows := sheet(t, encode(t, "xlsx", "", pipes, bare, long), "Leads 1")
	if len(rows) != 4 || rows[0][1] != "name" || rows[1][1] != pipes.Name || rows[2][1] != "Ünü" {
		t.Fatalf("rows %.300v", rows)
	}
	if formula, err := book.GetCellFormula("Leads 1", "B2"); err != nil || formula != "" {
		t.Errorf("the name is the formula %q, %v", formula, err)
	}
	for cell, want := range map[string]excelize.CellType{"A2": excelize.CellTypeUnset, "B2": excelize.CellTypeInlineString, "K2": excelize.CellTypeInlineString} {
		if kind, err := book.GetCellType("Leads 1", cell); err != nil || kind != want {
			t.Errorf("%s has type %v, want %v, %v", cell, kind, want, err)
		}
	}
	if notes := rows[3][slices.Index(rows[0], "notes")]; utf8.RuneCountInString(notes) != excelize.TotalCellChars {
		t.Errorf("%d characters in a cell", utf8.RuneCountInString(notes))
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var own []app.BusinessView
	if err := json.Unmarshal(encode(t, "json", "", pipes, bare), &own); err != nil || len(own) != 2 || own[0].Name != pipes.Name || len(own[0].Contacts) != 4 || own[1].Phone != nil {
		t.Errorf("%v %+v", err, own)
	}
	var apify []struct {
		Location struct {
			Lat *float64 `json:"lat"`
			Lng *float64 `json:"lng"`
		} `json:"location"`
	}
	if err := json.Unmarshal(encode(t, "json", "apify", pipes, bare), &apify); err != nil || len(apify) != 2 || *apify[0].Location.Lng != -74.27 || apify[1].Location.Lat != nil {
		t.Errorf("%v %+v", err, apify)
	}
	var hubspot []map[string]any
	if err := json.Unmarshal(encode(t, "json", "hubspot", pipes), &hubspot); err != nil || hubspot[0]["State/Region"] != "NJ" {
		t.Errorf("%v %+v", err, hubspot)
	}
}

func TestGeoJSON(t *testing.T) {
	t.Parallel()
	var collection struct {
		Type     string `json:"type"`
		Features []struct {
			Type     string `json:"type"`
			ID       int64  `json:"id"`
			Geometry *struct {
				Type        string    `json:"type"`
				Coordinates []float64 `json:"coordinates"`
			} `json:"geometry"`
			Properties map[string]any `json:"properties"`
		} `json:"features"`
	}
	if err := json.Unmarshal(encode(t, "geojson", "", pipes, bare), &collection); err != nil || collection.Type != "FeatureCollection" || len(collection.Features) != 2 {
		t.Fatalf("%v %+v", err, collection)
	}
	f := collection.Features
	if f[0].Type != "Feature" || f[0].ID != 7 || f[0].Geometry.Type != "Point" || !slices.Equal(f[0].Geometry.Coordinates, []float64{-74.27, 40.26}) ||
		f[0].Properties["name"] != pipes.Name || f[1].Geometry != nil {
		t.Errorf("%+v", f)
	}
}

func TestEmptyFilesAreComplete(t *testing.T) {
	t.Parallel()
	if rows := table(t, encode(t, "csv", "")); len(rows) != 0 {
		t.Errorf("rows %v", rows)
	}
	if _, rows := sheet(t, encode(t, "xlsx", ""), "Leads 1"); len(rows) != 1 {
		t.Errorf("rows %v", rows)
	}
	for _, format := range []string{"json", "geojson"} {
		if file := encode(t, format, ""); !json.Valid(file) {
			t.Errorf("%s: %s", format, file)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	_, err := export.Parse("pdf", "sap")
	if !fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) != 2 {
		t.Errorf("error %v", err)
	}
	kind, err := export.Parse("xlsx", "hubspot")
	if err != nil || kind.FileName() != "leads-hubspot.xlsx" || !strings.Contains(kind.ContentType(), "spreadsheetml") {
		t.Errorf("%s %s %v", kind.FileName(), kind.ContentType(), err)
	}
}

// broken takes nothing.
type broken struct{}

var errFull = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestFaultsOfTheFileAreTold(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		kind, _ := export.Parse(format, "")
		e, err := kind.Encoder(broken{})
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(e.Write(pipes), e.Close())
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
