package testenv

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// sharedDatabases bounds how many tests of one process may ask for SharedRedis.
const sharedDatabases = 1024

// shared is the test process's one Redis for tests that never stop it.
var shared struct {
	sync.Mutex

	byMain bool // Main will stop it
	dir    string
	addr   string
	server *process
	used   int
}

// Main runs a package's tests and stops what they shared; a package that uses
// SharedRedis calls it: func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }.
func Main(m interface{ Run() int }) int {
	shared.Lock()
	shared.byMain = true
	shared.Unlock()
	defer stopShared()
	return m.Run()
}

// LeakFree is Main for a package whose tests must leave no goroutine behind.
func LeakFree(m interface{ Run() int }) int {
	code := Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return code
}

// SharedRedis is an empty database, the test's own, of a redis-server that all
// tests of the process share. Pub/Sub channels are common to all its databases.
func SharedRedis(t testing.TB) RedisDB {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if err := startShared(); err != nil {
		t.Fatal(err)
	}
	if shared.used++; shared.used >= sharedDatabases { // number 0 stays free
		t.Fatalf("more than %d tests share a Redis", sharedDatabases-1)
	}
	return RedisDB{t: t, addr: shared.addr, db: shared.used}
}

func startShared() (err error) {
	if shared.server != nil {
		return nil
	}
	if !shared.byMain {
		return fmt.Errorf("SharedRedis needs testenv.Main in TestMain, which stops it")
	}
	if shared.dir, err = os.MkdirTemp("", "leadstream-redis-"); err != nil {
		return fmt.Errorf("creating a folder: %w", err)
	}
	shared.addr, shared.server, err = redisOnFreePort(shared.dir)
	return err
}

func stopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.end(syscall.SIGKILL)
		shared.server = nil
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
}
