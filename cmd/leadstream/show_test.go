package main

import (
	"bytes"
	"encoding/json"
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
