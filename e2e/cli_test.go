package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// said is what a command printed, and its exit code.
type said struct {
	out, err string
	code     int
}

// command runs the program once, against a service where one is given.
func command(t *testing.T, s *service, environ []string, args ...string) said {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), environ...)
	if s != nil {
		cmd.Env = append(cmd.Env, "LEADSTREAM_URL="+s.url)
	}
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if exit, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("%v: %v", args, err)
	} else if ended && exit.ExitCode() < 0 {
		t.Fatalf("%v: %v", args, exit)
	}
	return said{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// fails wants an error on one line, and the exit code.
func fails(t *testing.T, got said, code int, words string) {
	t.Helper()
	if got.code != code || !strings.Contains(got.err, words) || strings.Count(got.err, "\n") != 1 || !strings.HasPrefix(got.err, "leadstream: ") || got.out != "" {
		t.Errorf("exit %d, wrote %q, and the error %q; want exit %d and %q", got.code, got.out, got.err, code, words)
	}
}

func succeeds(t *testing.T, got said) said {
	t.Helper()
	if got.code != 0 {
		t.Fatalf("exit %d: %s%s", got.code, got.out, got.err)
	}
	return got
}

const freshQueues = `QUEUE       STATE    WAITING  ACTIVE  DELAYED  COMPLETED  FAILED  WORKERS  SLOTS  STARTS        OLDEST
scraping    paused   0        0       0        0          0       1        2      -             -
enrichment  running  0        0       0        0          0       1        10     0 of 10/1m0s  -
`

func TestCommandLineSteers(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil)
	run := func(args ...string) said { t.Helper(); return command(t, s, nil, args...) }

	if got := succeeds(t, run("queues", "pause", "scraping")); got.out != "Queue scraping paused\n" {
		t.Errorf("pause says %q", got.out)
	}
	testenv.Eventually(t, soon, func() bool { return run("queues", "list").out == freshQueues }, "queues are shown as\n%s", freshQueues)
	got := succeeds(t, run("scrape", "plumbing", "--near", "Freehold, NJ", "--max", "5", "--no-enrich", "--source", "osm", "--radius", "50", "--details"))
	id := strings.TrimSpace(strings.TrimPrefix(got.out, "Queued as job "))
	if len(id) != 26 {
		t.Fatalf("scrape says %q", got.out)
	}
	if data, _ := s.job(id)["data"].(map[string]any); data["details"] != true || data["radius"] != 50.0 {
		t.Errorf("the job is asked for %v", data)
	}
	list := succeeds(t, run("jobs", "list", "--status", "waiting")).out
	if lines := strings.Split(list, "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "ID ") || !strings.HasPrefix(lines[1], id+"  scraping  waiting") ||
		!strings.HasSuffix(lines[1], "plumbing near Freehold, NJ (osm)") {
		t.Errorf("listed as\n%s", list)
	}
	if ids := succeeds(t, run("__complete", "jobs", "show", "")).out; !strings.Contains(ids, id+"\twaiting: plumbing near") {
		t.Errorf("completed as %q", ids)
	}
	if got := succeeds(t, run("jobs", "cancel", id)); got.out != "Job "+id+" cancelled\n" {
		t.Errorf("cancel says %q", got.out)
	}
	fails(t, run("jobs", "cancel", id), 1, id+": ")
	fails(t, run("jobs", "show", "nobody"), 1, "nobody")
	fails(t, run("queues", "resume", "mailing"), 1, "mailing")
	succeeds(t, run("jobs", "retry", id))
	succeeds(t, run("queues", "resume", "scraping", "enrichment"))
	s.reaches(id, "completed", soon)
	shown := succeeds(t, run("jobs", "show", id)).out
	for _, line := range []string{`(?m)^Job +` + id + `$`, `(?m)^Status +completed$`, `(?m)^Done +100% Done: 5 found, 5 new$`, `(?m)^Attempts +1 of 2$`, `(?m)^Result +{"found":5,`} {
		if !regexp.MustCompile(line).MatchString(shown) {
			t.Errorf("shown without %s:\n%s", line, shown)
		}
	}
	if logs := succeeds(t, run("jobs", "logs", id)).out; !strings.Contains(logs, "  info   searching 50 km around Freehold") {
		t.Errorf("the log is\n%s", logs)
	}
	var j map[string]any
	if err := json.Unmarshal([]byte(succeeds(t, run("jobs", "show", id, "--json")).out), &j); err != nil || j["jobId"] != id {
		t.Errorf("as JSON: %v, %v", j, err)
	}
}

func TestCommandLineMendsPoison(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	server := testenv.Redis(t)
	s := serve(t, world, nil, "REDIS_URL="+server.URL())
	run := func(args ...string) said { t.Helper(); return command(t, s, nil, args...) }

	nowhere := s.scrape(map[string]any{"location": "Atlantis", "source": "osm"})
	s.reaches(nowhere, "failed", soon)
	list := succeeds(t, run("poison", "list")).out
	entry := strings.Fields(strings.Split(list, "\n")[1])[0]
	if !strings.Contains(list, nowhere) || !strings.Contains(list, `no place called "Atlantis"`) {
		t.Errorf("listed as\n%s", list)
	}
	if ids := succeeds(t, run("__complete", "poison", "show", "")).out; !strings.Contains(ids, entry+"\tOpenStreetMap knows") {
		t.Errorf("completed as %q", ids)
	}
	if shown := succeeds(t, run("poison", "show", entry)).out; !regexp.MustCompile(`(?m)^Payload +.*Atlantis`).MatchString(shown) {
		t.Errorf("shown as\n%s", shown)
	}
	if got := succeeds(t, run("poison", "requeue", entry)); got.out != "Poison entry "+entry+" requeued\n" {
		t.Errorf("requeue says %q", got.out)
	}
	testenv.Eventually(t, soon, func() bool { return s.job(nowhere)["status"] == "failed" && s.get("/api/poison").body["total"] == 1.0 }, "it has failed again")
	if got := succeeds(t, run("poison", "requeue", "--all", "--queue", "scraping")); got.out != "1 entries requeued\n" {
		t.Errorf("requeue of all says %q", got.out)
	}
	testenv.Eventually(t, soon, func() bool { return s.get("/api/poison").body["total"] == 1.0 }, "it has failed again")
	if got := succeeds(t, run("jobs", "retry", "--failed")); got.out != "1 jobs run again\n" {
		t.Errorf("retry of all says %q", got.out)
	}
	testenv.Eventually(t, soon, func() bool { return s.job(nowhere)["status"] == "failed" && s.get("/api/poison").body["total"] == 1.0 }, "it has failed again")
	var page struct {
		Entries []struct {
			ID string `json:"id"`
		} `json:"entries"`
	}
	if err := json.Unmarshal([]byte(succeeds(t, run("poison", "list", "--json")).out), &page); err != nil || len(page.Entries) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	succeeds(t, run("poison", "discard", page.Entries[0].ID))
	got := run("poison", "discard", page.Entries[0].ID, "none")
	if got.code != 1 || strings.Count(got.err, "\n") != 2 {
		t.Errorf("what is gone: exit %d, %q", got.code, got.err)
	}
	if list := succeeds(t, run("poison", "list")).out; strings.Count(list, "\n") != 1 {
		t.Errorf("left over:\n%s", list)
	}
}

// TestCommandLineScrapes follows a scrape to its leads with their contacts, and
// compares the file with the truth.
func TestCommandLineScrapes(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{SlowBy: 50 * time.Millisecond})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=0", "HUNTER_API_KEY=", "SCRAPER_SOURCE=apify")
	got := succeeds(t, command(t, s, nil, "scrape", "plumbing", "--near", "Freehold, NJ", "--max", "12", "--output", "csv"))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.out, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 13 || got.err != "" {
		t.Fatalf("%d rows, %v, %q", len(rows), err, got.err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	for i, b := range world.Town().Find("plumbing near Freehold, NJ")[:12] {
		row := rows[i+1]
		mails := []string{}
		for _, c := range b.Contacts {
			if c.Kind == "email" {
				mails = append(mails, c.Value)
			}
		}
		got := strings.Split(row[column("emails")], "; ")
		slices.Sort(got)
		slices.Sort(mails)
		if row[column("name")] != b.Name || row[column("phone")] != b.Phone || row[column("website")] != b.Website() || strings.Join(got, " ") != strings.Join(mails, " ") {
			t.Errorf("%s is written as %q", b.Name, row)
		}
		if row[column("enrichment_status")] == "pending" {
			t.Errorf("%s: nobody has looked for contacts", b.Name)
		}
	}
	again := succeeds(t, command(t, s, nil, "scrape", "plumbing", "--near", "Freehold, NJ", "--max", "13", "--output", "json", "--no-enrich"))
	var leads []map[string]any
	if err := json.Unmarshal([]byte(again.out), &leads); err != nil || len(leads) != 1 || again.err != "12 of 13 places were known already and are not among the new leads\n" {
		t.Errorf("%d leads, %v, %q", len(leads), err, again.err)
	}
	last := succeeds(t, command(t, s, nil, "scrape", "plumbing", "--near", "Freehold, NJ", "--max", "13", "--wait"))
	if !regexp.MustCompile(`^Job \w{26} completed: 13 found, 0 new, 13 known already\n$`).MatchString(last.out) {
		t.Errorf("waited for %q", last.out)
	}
	failed := command(t, s, nil, "scrape", "plumbing", "--near", "Atlantis", "--source", "osm", "--wait", "--json")
	if failed.code != 1 || !strings.Contains(failed.err, `failed: OpenStreetMap knows no place called "Atlantis"`) || !strings.Contains(failed.out, `"status": "failed"`) {
		t.Errorf("a failed scrape: exit %d, %q, %q", failed.code, failed.out, failed.err)
	}
}

// TestCommandLineStopsWaiting: Ctrl-C ends the command, not the job.
func TestCommandLineStopsWaiting(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	world.Faults().Set(sandbox.Switches{ApifyEndless: true})
	s := serve(t, world, nil)
	cmd := exec.Command(binary, "scrape", "plumbing", "--near", "Freehold, NJ", "--source", "apify", "--max", "60", "--wait")
	cmd.Env = append(os.Environ(), "LEADSTREAM_URL="+s.url)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, soon, func() bool { return len(s.businesses()) > 0 }, "the scrape finds something")
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	id := s.get("/api/jobs?queue=scraping").body["jobs"].([]any)[0].(map[string]any)["jobId"].(string)
	if cmd.ProcessState.ExitCode() != 1 || errOut.String() != "leadstream: no longer waiting; job "+id+" goes on: see `leadstream jobs show "+id+"`\n" {
		t.Errorf("exit %d, %q", cmd.ProcessState.ExitCode(), errOut.String())
	}
	if j := s.job(id); j["status"] != "active" {
		t.Errorf("the job is %v", j["status"])
	}
}

func TestCommandLineNeedsAToken(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	const token = "0123456789abcdef"
	s := serve(t, world, nil, "API_TOKENS="+token)
	fails(t, command(t, s, nil, "jobs", "list"), 1, "--token or LEADSTREAM_TOKEN")
	succeeds(t, command(t, s, nil, "jobs", "list", "--token", token))
	succeeds(t, command(t, s, []string{"LEADSTREAM_TOKEN=" + token}, "queues", "list"))
	// On the service's own machine, with its settings, nothing need be said.
	succeeds(t, command(t, nil, []string{"HTTP_ADDR=" + strings.TrimPrefix(s.url, "http://"), "API_TOKENS=" + token}, "queues", "list"))
}

func TestCommandLineRefuses(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "APIFY_TOKEN=")
	for words, args := range map[string][]string{
		"unknown command":                    {"launch"},
		"unknown command \"x\"":              {"jobs", "x"},
		"unknown flag":                       {"jobs", "list", "--colour"},
		"status expected value to be one of": {"jobs", "list", "--status", "lost"},
		"limit expected number":              {"poison", "list", "--limit", "1000"},
		"accepts 1 arg":                      {"jobs", "show"},
		"name one or more ids, or --failed":  {"jobs", "retry"},
		"name one or more ids, or --all":     {"poison", "requeue", "x", "--all"},
		"--near is missing":                  {"scrape", "plumbing"},
		"--output must be csv or json":       {"scrape", "--near", "x", "--output", "xml"},
		"radius must be above 0":             {"scrape", "--near", "x", "--radius", "90", "--max", "1000"},
		"max_results must be 1 to 500":       {"scrape", "--near", "x", "--radius", "90", "--max", "1000"},
		"source must be one of apify":        {"scrape", "--near", "x", "--source", "moon"},
		"needs APIFY_TOKEN":                  {"scrape", "--near", "x", "--source", "apify"},
		"--url must begin":                   {"jobs", "list", "--url", "localhost:1"},
		"--json prints the job":              {"scrape", "--near", "x", "--output", "csv", "--json"},
	} {
		fails(t, command(t, s, nil, args...), 2, words)
	}
	fails(t, command(t, s, nil, "jobs", "list", "--url", "http://"+freeAddr(t)), 1, "start it with `leadstream serve`")
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	data := t.TempDir()
	addr := freeAddr(t)
	got := succeeds(t, command(t, nil, []string{"DATA_DIR=" + data, "HTTP_ADDR=" + addr}, "doctor"))
	want := regexp.MustCompile(`^ok  settings  all valid
ok  data      \S+ is there and can be written
ok  redis     leadstream runs its own, version \d+\.\d+\.\d+
ok  database  \S+/leadstream.db \(SQLite\) will be created
ok  chromium  \S.*\d+.*
ok  sources   google_maps, osm; requests that name none get google_maps
!!  contacts  on websites alone
              -> for contacts of other origin set HUNTER_API_KEY, a key from hunter.io
ok  address   ` + regexp.QuoteMeta(addr) + ` is free; no service runs there
$`)
	if !want.MatchString(got.out) || got.err != "" {
		t.Errorf("says\n%s%s", got.out, got.err)
	}
	if left, _ := filepath.Glob(data + "/*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	s := serve(t, world, nil)
	environ := []string{"DATA_DIR=" + dataDirOf(s.env), "HTTP_ADDR=" + strings.TrimPrefix(s.url, "http://")}
	if got := succeeds(t, command(t, nil, environ, "doctor")); !strings.Contains(got.out, "a service runs at "+s.url+", and is ready") || !strings.Contains(got.out, "its schema is up to date") {
		t.Errorf("beside a running service:\n%s", got.out)
	}
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	redis := testenv.Redis(t)
	for name, value := range map[string]string{"appendonly": "no", "save": "", "maxmemory-policy": "allkeys-lru"} {
		if err := redis.Client().ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	empty, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		environ []string
		code    int
		want    []string
	}{
		"settings":       {[]string{"LOG_LEVEL=loud", "JOB_LEASE=1ms"}, 2, []string{"XX  settings  JOB_LEASE: must be", "XX  settings  LOG_LEVEL: must be one of"}},
		"no redis":       {[]string{"PATH=" + empty}, 1, []string{"XX  redis     none is named, and there is no redis-server on PATH", "-> install it (apt install"}},
		"no chromium":    {[]string{"CHROMIUM_PATH=/nowhere/chromium"}, 1, []string{"XX  chromium", "CHROMIUM_PATH"}},
		"other source":   {[]string{"CHROMIUM_PATH=/nowhere/chromium", "SCRAPER_SOURCE=osm"}, 0, []string{"!!  chromium"}},
		"redis is away":  {[]string{"REDIS_URL=redis://" + freeAddr(t)}, 1, []string{"XX  redis     no Redis answers", "-> start it, or mend REDIS_URL"}},
		"redis forgets":  {[]string{"REDIS_URL=" + redis.URL()}, 0, []string{"!!  redis     this Redis evicts keys", "keeps nothing on disk", "-> change redis.conf"}},
		"no database":    {[]string{"DATABASE_URL=postgres://" + freeAddr(t) + "/x?sslmode=disable"}, 1, []string{"XX  database", "-> start it, or mend DATABASE_URL"}},
		"no data folder": {[]string{"DATA_DIR=" + file}, 1, []string{"XX  data", "choose another with DATA_DIR"}},
		"address taken":  {[]string{"HTTP_ADDR=" + strings.TrimPrefix(strings.TrimSuffix(redis.URL(), "/0"), "redis://")}, 1, []string{"XX  address", "is taken by another program"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := append([]string{"DATA_DIR=" + empty, "HTTP_ADDR=" + freeAddr(t)}, tt.environ...)
			got := command(t, nil, environ, "doctor")
			if got.code != tt.code || (got.code == 0) != (got.err == "") || strings.Count(got.err, "\n") > 1 {
				t.Errorf("exit %d, want %d: %s%s", got.code, tt.code, got.out, got.err)
			}
			for _, words := range tt.want {
				if !strings.Contains(got.out, words) {
					t.Errorf("%q is not in\n%s", words, got.out)
				}
			}
		})
	}
	var findings []map[string]string
	got := command(t, nil, []string{"CHROMIUM_PATH=/nowhere", "DATA_DIR=" + empty, "HTTP_ADDR=" + freeAddr(t)}, "doctor", "--json")
	if err := json.Unmarshal([]byte(got.out), &findings); err != nil || got.code != 1 || len(findings) != 8 || findings[4]["status"] != "error" || findings[4]["mend"] == "" {
		t.Errorf("exit %d, %v, %v", got.code, findings, err)
	}
}
