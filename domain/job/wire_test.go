package job_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"leadstream/domain/fault"
	"leadstream/domain/job"
)

func TestCommandsOnTheWire(t *testing.T) {
	t.Parallel()
	full := job.ScrapeBusinesses{
		Location: "Freehold, NJ", BusinessType: "plumbing", RadiusKM: 2.5, MaxResults: 10, Enrich: true,
		Priority: job.High, Source: "google_maps", Details: true,
	}
	for name, cmd := range map[string]job.Command{
		"scrape_businesses.v1": full, "enrich_business.v1": job.EnrichBusiness{BusinessID: 123},
	} {
		golden, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != strings.TrimSpace(string(golden)) {
			t.Errorf("%s is written as\n%s\nwant\n%s", name, got, golden)
		}
		back, err := job.Decode(name, golden)
		if err != nil || !reflect.DeepEqual(back, cmd) {
			t.Errorf("%s is read as %+v, %v", name, back, err)
		}
	}
}

func TestDecodeFillsDefaults(t *testing.T) {
	t.Parallel()
	got, err := job.Decode("scrape_businesses", []byte(`{"location":"Freehold, NJ"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := job.NewScrapeBusinesses("Freehold, NJ"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err := job.Decode("enrich_business", []byte(`{"business_id":7,"force":true}`)); err != nil || got != (job.EnrichBusiness{BusinessID: 7, Force: true}) {
		t.Errorf("enrich_business: %+v, %v", got, err)
	}
	if got, err := job.Decode("enrich_batch", []byte(`{}`)); err != nil || got != (job.EnrichBatch{Count: 10}) {
		t.Errorf("enrich_batch: %+v, %v", got, err)
	}
}

func TestDecodeNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, payload string
		fields        []string
	}{
		{"scrape_businesses", `{}`, []string{"location"}},
		{"scrape_businesses", `{"location":""}`, []string{"location"}},
		{"scrape_businesses", `{"location":7,"radius":"far","max_results":1.5,"enrich":1,"priority":"urgent"}`,
			[]string{"enrich", "location", "max_results", "priority", "radius"}},
		{"scrape_businesses", `{"location":"x","radius":0,"max_results":501}`, []string{"radius", "max_results"}},
		{"scrape_businesses", `{"location":"x","radius":51}`, []string{"radius"}},
		{"scrape_businesses", `{"location":null,"colour":"red"}`, []string{"colour", "location"}},
		{"scrape_businesses", `{"location":"x","priority":""}`, []string{"priority"}},
		{"enrich_business", `{}`, []string{"business_id"}},
		{"enrich_business", `{"business_id":-1}`, []string{"business_id"}},
		{"enrich_batch", `{"count":1001}`, []string{"count"}},
		{"cancel_job", `{"job_id":""}`, []string{"job_id"}},
		{"retry_job", `{}`, []string{"job_id"}},
		{"scrape_businesses", `[]`, nil},
		{"scrape_businesses", `not json`, nil},
		{"scrape_businesses", `null`, nil},
		{"scrape_businesses.v2", `{"location":"x"}`, nil},
		{"launch_missiles", `{}`, nil},
		{"", `{}`, nil},
	} {
		_, err := job.Decode(tt.name, []byte(tt.payload))
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s %s: error %v, want Invalid", tt.name, tt.payload, err)
			continue
		}
		var fields []string
		for _, f := range fault.FieldsOf(err) {
			fields = append(fields, f.Location)
		}
		if !slices.Equal(fields, tt.fields) {
			t.Errorf("%s %s: faults at %v, want %v", tt.name, tt.payload, fields, tt.fields)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("scrape_businesses", []byte(`{"location":"Freehold, NJ","max_results":5}`))
	f.Add("enrich_business.v1", []byte(`{"business_id":1e99}`))
	f.Add("enrich_batch", []byte(`{"count":null}`))
	f.Fuzz(func(t *testing.T, name string, payload []byte) {
		command, err := job.Decode(name, payload)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v is not Invalid", err)
			}
			return
		}
		if v, ok := command.(interface{ Validate() error }); !ok || v.Validate() != nil {
			t.Errorf("accepted an invalid command %+v", command)
		}
	})
}
