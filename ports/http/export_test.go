package http

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

func TestExport(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]struct{ contentType, file, begins, call string }{
		"":              {"text/csv; charset=utf-8", "leads.csv", "\uFEFFid,name,", ""},
		"?format=csv":   {"text/csv; charset=utf-8", "leads.csv", "\uFEFFid,name,", ""},
		"?format=json":  {"application/json", "leads.json", "[\n{\"id\":1,", ""},
		"?format=xlsx":  {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "leads.xlsx", "PK", ""},
		"?preset=apify": {"text/csv; charset=utf-8", "leads-apify.csv", "\uFEFFtitle,", ""},
		"?preset=hubspot&format=csv&q=a%20b&city=c&business_type=t&enrichment_status=enriched&job_id=j&has=email,phone&sort=name&limit=7": {
			"text/csv; charset=utf-8", "leads-hubspot.csv", "\uFEFFCompany name,",
			"Each {Text:a b City:c BusinessType:t EnrichmentStatus:enriched JobID:j HasEmail:true HasPhone:true HasWebsite:false Sort:name Limit:7 Cursor:}",
		},
		"?format=geojson": {"application/geo+json", "leads.geojson", `{"type":"FeatureCollection"`, ""},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			w := &world{}
			answer := serve(t, w).send("GET", exportPath+query, "")
			if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != want.contentType ||
				answer.Header.Get("Content-Disposition") != `attachment; filename="`+want.file+`"` || !bytes.HasPrefix(answer.body, []byte(want.begins)) {
				t.Errorf("%d %v\n%.80s", answer.StatusCode, answer.Header, answer.body)
			}
			if call := "Each {Text: City: BusinessType: EnrichmentStatus: JobID: HasEmail:false HasPhone:false HasWebsite:false Sort:-created_at Limit:0 Cursor:}"; want.call == "" {
				want.call = call
			}
			if calls := w.noted(); len(calls) != 1 || calls[0] != want.call {
				t.Errorf("calls %q", calls)
			}
		})
	}
}

func TestExportTellsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	p := serve(t, &world{}).send("GET", exportPath+"?format=pdf&preset=x&has=fax&sort=age&limit=0&page=2&colour=red", "").wantProblem(t, 400)
	if len(p.Errors) != 7 {
		t.Errorf("errors %+v", p.Errors)
	}
}

func TestExportPacks(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{leads: 5000})
	answer := s.send("GET", exportPath+"?format=json", "", "Accept-Encoding: gzip")
	if answer.Header.Get("Content-Encoding") != "gzip" || len(answer.body) > 200_000 {
		t.Fatalf("%v, %d bytes", answer.Header, len(answer.body))
	}
	unpack, err := gzip.NewReader(bytes.NewReader(answer.body))
	if err != nil {
		t.Fatal(err)
	}
	var leads []map[string]any
	if err := json.NewDecoder(unpack).Decode(&leads); err != nil || len(leads) != 5000 {
		t.Errorf("%d leads, %v", len(leads), err)
	}
}

func TestExportWithoutDatabaseIsAProblem(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{err: fault.Unavailablef("no database")})
	s.send("GET", exportPath, "").wantProblem(t, http.StatusServiceUnavailable)
}

// TestBrokenExportIsNoticed loses the database in the middle: the answer must not look complete.
func TestBrokenExportIsNoticed(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"identity", "gzip"} {
		s := serve(t, &world{leads: 5000, fails: 2500})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+exportPath, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", encoding)
		answer, err := s.client.Do(request)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("%s: the answer ends with %v", encoding, err)
		}
	}
}

// TestExportEndsWithItsClient must leave no goroutine and no download behind.
func TestExportEndsWithItsClient(t *testing.T) {
	t.Parallel()
	w := &world{leads: 1 << 30}
	s := serve(t, w)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET "+exportPath+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%s %v", line, err)
	}
	_ = conn.Close()
	testenv.Eventually(t, soon, func() bool { return len(s.port.downloads.slots) == 0 }, "the export has ended")
}

func TestExportsAreBounded(t *testing.T) {
	t.Parallel()
	w := &world{hold: make(chan struct{})}
	s := serve(t, w)
	ended := make(chan int, maxExports)
	for range maxExports {
		go func() { ended <- s.send("GET", exportPath, "").StatusCode }()
	}
	testenv.Eventually(t, soon, func() bool { return len(s.port.downloads.slots) == maxExports }, "all are under way")
	answer := s.send("GET", exportPath, "")
	answer.wantProblem(t, http.StatusServiceUnavailable)
	if answer.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	close(w.hold)
	for range maxExports {
		if status := <-ended; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
}
