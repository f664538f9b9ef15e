package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"leadstream/internal/testenv"
	"leadstream/ports/export"
)

const million = 1_000_000

// BenchmarkMillionLeads exports a million leads from a database by the command
// and over HTTP, and reports the most memory that the process has taken (RSS).
func BenchmarkMillionLeads(b *testing.B) {
	plain := filepath.Join(b.TempDir(), "leadstream")
	if out, err := exec.Command("go", "build", "-o", plain, "leadstream/cmd/leadstream").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	env := append(os.Environ(), "DATA_DIR="+b.TempDir(), "LOG_LEVEL=error")
	makeMillion(b, plain, env)
	for _, format := range export.Formats() {
		b.Run("command/"+format, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(plain, "export", "--format", format)
				cmd.Env, cmd.Stderr = env, os.Stderr
				size := &counter{}
				cmd.Stdout = size
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
				b.ReportMetric(float64(usage.Maxrss)/1024, "MiB-RSS")
				b.ReportMetric(float64(size.n)/(1<<20), "MiB-file")
			}
		})
	}
	for _, format := range export.Formats() {
		b.Run("http/"+format, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(downloadFrom(b, plain, env, format), "MiB-RSS")
			}
		})
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// makeMillion makes a million leads with one contact each.
func makeMillion(b *testing.B, program string, env []string) {
	b.Helper()
	up := exec.Command(program, "migrate", "up")
	up.Env = env
	if out, err := up.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	db, err := sql.Open("sqlite", filepath.Join(dataDirOf(env), "leadstream.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO businesses (name, address, street, city, state, postal_code, country, phone, website, category, categories, rating, reviews_count, price,
				opening_hours, latitude, longitude, data_id, cid, place_id, kgmid, map_url, status, business_type, enrichment_status, first_seen_job, notes, tags,
				created_at, updated_at, search_text, name_folded, city_folded, business_type_folded)
			SELECT 'Business ' || i, i || ' Main St, Freehold, NJ 07728', i || ' Main St', 'Freehold', 'NJ', '07728', 'US', '+1732' || (5000000 + i), 'https://b' || i || '.example',
				'Plumber', '["Plumber","Drains"]', 4.5, i, '$$', '[]', 40.26, -74.27, '', '' || i, 'ChIJ' || i, '', 'https://maps.example/?cid=' || i, 'open', 'plumbing',
				'enriched', 'job', '', '[]', datetime('2026-01-01', '+' || i || ' seconds') || '+00:00', '2026-11-24 12:00:00+00:00', '', 'business ' || i, 'freehold', 'plumbing' FROM n`, million),
		`INSERT INTO contacts (business_id, key, kind, value, name, position, personal, confidence, provider, source_url, verification, created_at)
			SELECT id, 'email:' || id, 'email', 'info@b' || id || '.example', '', '', FALSE, 90, 'website', '', '', created_at FROM businesses`,
	} {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			b.Fatal(err)
		}
	}
}

// downloadFrom serves the leads, downloads them once, and answers the peak of the server's memory in MiB.
func downloadFrom(b *testing.B, program string, env []string, format string) float64 {
	b.Helper()
	addr := freeAddr(b)
	server := exec.Command(program, "serve", "--role", "api")
	server.Env, server.Stderr = slices.Concat(env, []string{"HTTP_ADDR=" + addr}), os.Stderr
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	}()
	answer := whenReady(b, "http://"+addr+"/api/businesses/export?format="+format)
	defer func() { _ = answer.Body.Close() }()
	if n, err := io.Copy(io.Discard, answer.Body); err != nil || n < million {
		b.Fatalf("%d bytes, %v", n, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

func whenReady(b *testing.B, address string) *http.Response {
	b.Helper()
	var answer *http.Response
	testenv.Eventually(b, soon, func() (up bool) {
		var err error
		answer, err = http.Get(address)
		return err == nil
	}, "the API answers")
	if answer.StatusCode != http.StatusOK {
		b.Fatalf("status %d", answer.StatusCode)
	}
	return answer
}
