package testenv_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/uptrace/bun/driver/pgdriver"
	"go.uber.org/goleak"

	"leadstream/internal/testenv"
)

const (
	parentEnv = "TESTENV_PARENT"
	otherEnv  = "TESTENV_OTHER"
)

func TestMain(m *testing.M) {
	if os.Getenv(otherEnv) != "" {
		<-time.After(time.Minute) // it is killed long before
		os.Exit(0)
	}
	code := testenv.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

func TestRedisKeepsItsDataAndPort(t *testing.T) {
	t.Parallel()
	s := testenv.Redis(t)
	c, url := s.Client(), s.URL()
	for _, end := range []struct {
		name string
		end  func()
	}{{"stop", s.Stop}, {"kill", s.Kill}} {
		if err := c.Set(t.Context(), end.name, "kept", 0).Err(); err != nil {
			t.Fatal(err)
		}
		end.end()
		if conn, err := net.Dial("tcp", s.Addr()); err == nil {
			_ = conn.Close()
			t.Errorf("listens after %s", end.name)
		}
		s.Start()
		if got, err := c.Get(t.Context(), end.name).Result(); got != "kept" {
			t.Errorf("after %s: %q, %v", end.name, got, err)
		}
	}
	if s.URL() != url {
		t.Errorf("moved from %s to %s", url, s.URL())
	}
}

func TestRedisPauses(t *testing.T) {
	t.Parallel()
	s := testenv.Redis(t)
	c := s.Client()
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	impatient := redis.NewClient(&redis.Options{Addr: s.Addr(), ContextTimeoutEnabled: true})
	defer impatient.Close()
	if err := impatient.Ping(ctx).Err(); err == nil {
		t.Error("answers while paused")
	}
	s.Resume()
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
	s.Pause() // and ends with the test all the same
}

func TestSharedRedisIsEmptyForEachTest(t *testing.T) {
	t.Parallel()
	for range 3 {
		db := testenv.SharedRedis(t)
		options, err := redis.ParseURL(db.URL())
		if err != nil {
			t.Fatal(err)
		}
		byURL := redis.NewClient(options)
		defer byURL.Close()
		if isNew, err := byURL.SetNX(t.Context(), "k", "v", 0).Result(); err != nil || !isNew {
			t.Errorf("the database had a key of another: %v, %v", isNew, err)
		}
		if n := db.Client().DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%d keys, want the one of this database", n)
		}
	}
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a Postgres")
	}
	db := sql.OpenDB(pgdriver.NewConnector(pgdriver.WithDSN(testenv.Postgres(t))))
	defer db.Close()
	var one int
	if err := db.QueryRowContext(t.Context(), "SELECT 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("%d, %v", one, err)
	}
}

// TestParent is the process that TestNothingOutlivesAKilledParent kills.
func TestParent(t *testing.T) { //nolint:paralleltest // it runs alone
	if os.Getenv(parentEnv) == "" {
		t.Skip("run by TestNothingOutlivesAKilledParent")
	}
	pid := testenv.Redis(t).Client().Info(t.Context(), "server").Val()
	_, pid, _ = strings.Cut(pid, "process_id:")
	pid, _, _ = strings.Cut(pid, "\r\n")
	fmt.Println(parentEnv, pid)
	select {}
}

func TestNothingOutlivesAKilledParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux signals a parent's death")
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestParent$")
	parent.Env = append(os.Environ(), parentEnv+"=1", "TMPDIR="+t.TempDir())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var name string
	var pid int
	_, err = fmt.Fscan(out, &name, &pid)
	_ = parent.Process.Kill()
	_ = parent.Wait()
	if err != nil || name != parentEnv {
		t.Fatalf("the parent said %q, %v", name, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	testenv.Eventually(t, 10*time.Second, func() bool { return !alive(pid) }, "redis-server %d is gone", pid)
}

// alive is false for a zombie as well, which waits for init to reap it.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(string(state), "Z")
}

func TestClock(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := testenv.NewClock(at)
	c.Advance(time.Minute)
	if got := c.Now(); !got.Equal(at.Add(time.Minute)) {
		t.Errorf("shows %s", got)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	var logs testenv.Logs
	logs.Logger().With("job_id", "1").Debug("job started", "queue", "scraping")
	logs.Logger().Warn("job failed", "job_id", "2")
	for _, row := range []struct {
		parts []string
		want  int
	}{{nil, 2}, {[]string{"level=DEBUG", "job_id=1", "queue=scraping"}, 1}, {[]string{"job_id=1", "job failed"}, 0}} {
		if got := logs.Lines(row.parts...); len(got) != row.want || logs.Has(row.parts...) != (row.want > 0) {
			t.Errorf("%q: %q, want %d", row.parts, got, row.want)
		}
	}
}

func TestProxyLosesRequestsAndAnswers(t *testing.T) {
	t.Parallel()
	db := testenv.SharedRedis(t)
	var cut atomic.Int64
	p := testenv.NewProxy(t, db.Addr(), func(request []byte) testenv.Cut {
		if strings.Contains(string(request), "key") {
			return testenv.Cut(cut.Load())
		}
		return testenv.CutNothing
	}, nil)
	options := db.Options()
	options.Addr, options.MaxRetries = p.Addr(), -1
	through, direct := redis.NewClient(options), db.Client()
	t.Cleanup(func() { _ = through.Close() })
	for _, tt := range []struct {
		cut    testenv.Cut
		fails  bool
		stands int64
	}{{testenv.CutNothing, false, 1}, {testenv.CutRequest, true, 1}, {testenv.CutAnswer, true, 2}, {testenv.CutNothing, false, 3}} {
		cut.Store(int64(tt.cut))
		if err := through.Incr(t.Context(), "key").Err(); (err != nil) != tt.fails {
			t.Errorf("cut %d: %v", tt.cut, err)
		}
		if n, err := direct.Get(t.Context(), "key").Int64(); n != tt.stands || err != nil {
			t.Errorf("cut %d: %d, %v, want %d", tt.cut, n, err, tt.stands)
		}
	}
}

func TestSelfIsAnotherProcess(t *testing.T) {
	t.Parallel()
	p := testenv.Self(t, otherEnv+"=1")
	p.Signal(syscall.SIGSTOP)
	p.Stopped(10 * time.Second)
	p.Signal(syscall.SIGCONT)
	p.Signal(syscall.SIGKILL)
	if end := p.Ended(10 * time.Second); !end.Signaled() || end.Signal() != syscall.SIGKILL {
		t.Errorf("ended with %v", end)
	}
}
