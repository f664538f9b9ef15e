package database_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leadstream/adapters/database"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// suite is what every database must do, each on an empty one.
var suite = map[string]func(t *testing.T, s store){
	"places are kept once": keptOnce,
	"identity":             identity,
	"known values stand":   knownValuesStand,
	"contacts that the source shows are kept once": shownContacts,
	"a sighting without news changes none":         withoutNews,
	"races make one row":                           racesMakeOneRow,
	"races on a weaker key make one row":           racesOnWeakerKey,
	"races lose no value":                          racesLoseNoValue,
	"what no database stores is left out":          withoutNUL,
	"contacts are kept once":                       contactsKeptOnce,
	"deleting":                                     deleting,
	"filters":                                      filters,
	"pages":                                        pages,
	"cursors miss and repeat nothing":              cursors,
	"cursors and sorts of others":                  foreignCursors,
	"unknown ids are not found":                    unknownIDs,
	"annotations":                                  annotations,
	"pending":                                      pending,
	"history":                                      history,
	"migrating":                                    migrating,
	"migrating at once":                            migratingAtOnce,
	"migrating after one who died":                 migratingAfterDeath,
	"who gives up is not told of an outage":        cancelled,
	"counting":                                     counting,
	"each lead, page by page":                      each,
	"each lead, until the reader ends":             eachEnds,
}

// store is a migrated database with its clock.
type store struct {
	*database.DB

	clock   *testenv.Clock
	options database.Options
	fresh   func(t *testing.T) database.Options // an empty database beside it
}

// another is the same database as a second process sees it.
func (s store) another(t *testing.T) *database.DB { return open(t, s.options) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T) database.Options { return database.Options{DataDir: t.TempDir()} })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a Postgres")
	}
	dsn := testenv.Postgres(t)
	run(t, func(t *testing.T) database.Options { return database.Options{URL: newDatabase(t, dsn)} })
}

// databases numbers the databases of a Postgres that tests share.
var databases atomic.Int64

func newDatabase(t *testing.T, dsn string) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	if err := open(t, database.Options{URL: dsn}).CreateDatabase(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func run(t *testing.T, fresh func(t *testing.T) database.Options) {
	t.Helper()
	for name, test := range suite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := testenv.NewClock(time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.FixedZone("", 3600)))
			options := fresh(t)
			options.Now = clock.Now
			db := open(t, options)
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, store{DB: db, clock: clock, options: options, fresh: fresh})
		})
	}
}

func open(t testing.TB, o database.Options) *database.DB {
	t.Helper()
	db, err := database.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func found(name string, change ...func(*business.Place)) business.Found {
	p := business.Place{Name: name, Address: "1 Main St, Freehold, NJ", City: "Freehold", CID: "cid-" + name}
	for _, c := range change {
		c(&p)
	}
	return business.Found{JobID: "s1", BusinessType: "plumbing", Place: p}
}

func save(t *testing.T, s store, f business.Found) (business.Business, bool) {
	t.Helper()
	b, created, err := s.SaveFound(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return b, created
}

// atOnce runs n calls at the same time and waits for them.
func atOnce(n int, call func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { call(i) })
	}
	wg.Wait()
}

func wantRows(t *testing.T, s store, table string, want int) {
	t.Helper()
	if n, err := s.Rows(t.Context(), table); n != want || err != nil {
		t.Errorf("%d rows in %s, want %d, %v", n, table, want, err)
	}
}

func TestOpenRefusesFaultyURLs(t *testing.T) {
	t.Parallel()
	for address, reason := range map[string]string{
		"mysql://x/y":                            "postgres://",
		"leads.db":                               "postgres://",
		"postgres://u:secret@h/d?sslmode=maybe":  "sslmode",
		"postgres://u:se#cret@h:5432/d":          "%23",
		"postgres://u:secret@h/d?timeout=secret": "timeout",
	} {
		_, err := database.Open(database.Options{URL: address})
		if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "cret@") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestSQLiteInOddFolders(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a ?_pragma=x#y%20z", "new")
	db := open(t, database.Options{DataDir: dir})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(dir)), "*", "new", database.FileName)); len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestBusySQLiteIsTransient(t *testing.T) {
	t.Parallel()
	options := database.Options{DataDir: t.TempDir()}
	writer, db := open(t, options), open(t, options)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.LosePatience(t.Context()); err != nil {
		t.Fatal(err)
	}
	release, err := writer.HoldWrites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.SaveFound(t.Context(), found("a")); !fault.Is(err, fault.Transient) {
		t.Errorf("while another writes: %v", err)
	}
	if _, err := db.List(t.Context(), app.BusinessFilter{}); err != nil {
		t.Errorf("reading while another writes: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, created, err := db.SaveFound(t.Context(), found("a")); !created || err != nil {
		t.Errorf("once it has written: %v, %v", created, err)
	}
}

func TestPostgresDownIsUnavailable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody listens there now
	db := open(t, database.Options{URL: fmt.Sprintf("postgres://u@%s/d?sslmode=disable", l.Addr())})
	_, _, saveErr := db.SaveFound(t.Context(), found("a"))
	_, listErr := db.List(t.Context(), app.BusinessFilter{})
	for call, err := range map[string]error{"save": saveErr, "list": listErr, "ping": db.Ping(t.Context()), "migrate": db.Migrate(t.Context())} {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestPostgresConnectionsLost(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a Postgres")
	}
	dsn := testenv.Postgres(t)
	options := database.Options{URL: newDatabase(t, dsn)}
	admin, db := open(t, database.Options{URL: dsn}), open(t, options)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, name, _ := strings.Cut(strings.TrimSuffix(options.URL, "?sslmode=disable"), "127.0.0.1:")
	_, name, _ = strings.Cut(name, "/")
	if n, err := admin.EndSessions(t.Context(), name); n == 0 || err != nil {
		t.Fatalf("%d connections ended, %v", n, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for try := 0; ; try++ { // each attempt may meet one of the lost connections
		_, _, err := db.SaveFound(ctx, found("a"))
		if err == nil {
			return
		}
		if try == 16 || !fault.Is(err, fault.Unavailable) {
			t.Fatalf("attempt %d after the connections were lost: %v", try, err)
		}
	}
}
