package localredis_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"leadstream/adapters/localredis"
	"leadstream/internal/testenv"
)

var quiet = slog.New(slog.DiscardHandler)

// TestMain lets the test's own binary be the parent that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LOCALREDIS_PARENT_OF"); dir != "" {
		if _, err := localredis.Start(context.Background(), dir, quiet); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready")
		select {}
	}
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, dir string) *localredis.Server {
	t.Helper()
	return startLogging(t, dir, quiet)
}

func startLogging(t *testing.T, dir string, log *slog.Logger) *localredis.Server {
	t.Helper()
	s, err := localredis.Start(t.Context(), dir, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t *testing.T, s *localredis.Server) *redis.Client {
	t.Helper()
	c := redis.NewClient(s.Options())
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDataOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	if err := client(t, s).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := client(t, start(t, dir)).Get(t.Context(), "k").Result(); got != "v" {
		t.Errorf("%q, %v", got, err)
	}
}

// A kill loses nothing: Redis has handed a write to the system before it answers.
func TestDataOutliveAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	if err := client(t, s).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	killed(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := client(t, start(t, dir)).Get(t.Context(), "k").Result(); got != "v" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTruncatedTailIsDroppedWithAWarning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	for _, key := range []string{"whole", "cut"} {
		if err := client(t, s).Set(t.Context(), key, "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cutTail(t, dir)
	var logs testenv.Logs
	c := client(t, startLogging(t, dir, logs.Logger()))
	if got := c.Exists(t.Context(), "whole").Val() == 1; !got {
		t.Error("a whole write is lost")
	}
	if got := c.Exists(t.Context(), "cut").Val() == 1; got {
		t.Error("the tail was not cut")
	}
	if !logs.Has("level=WARN", "short read") {
		t.Errorf("no warning in %q", logs.Lines())
	}
}

// cutTail takes the last bytes off the append-only file, as a power loss may.
func cutTail(t *testing.T, dir string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.incr.aof"))
	if len(files) != 1 {
		t.Fatalf("append-only files: %q", files)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(files[0], info.Size()-3); err != nil {
		t.Fatal(err)
	}
}

func TestAnOrdinaryLifeWarnsOfNothing(t *testing.T) {
	t.Parallel()
	var logs testenv.Logs
	s := startLogging(t, t.TempDir(), logs.Logger())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Err() != nil {
		t.Errorf("error %v", s.Err())
	}
	for _, line := range logs.Lines("level=WARN") {
		if !strings.Contains(line, "WARNING") { // of the machine's own settings
			t.Error(line)
		}
	}
	if !logs.Has("level=DEBUG", "ready to accept connections") {
		t.Errorf("Redis's own log is missing: %q", logs.Lines())
	}
}

// The terminal sends Ctrl-C to a process group.
func TestCtrlCDoesNotReachTheChild(t *testing.T) {
	t.Parallel()
	group, err := syscall.Getpgid(pid(t, start(t, t.TempDir())))
	if err != nil || group == syscall.Getpgrp() {
		t.Errorf("redis-server is in group %d, the test in %d: %v", group, syscall.Getpgrp(), err)
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	s := start(t, filepath.Join(t.TempDir(), "with space"))
	options, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	defer c.Close()
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Errorf("%s: %v", s.URL(), err)
	}
}

func pid(t *testing.T, s *localredis.Server) int {
	t.Helper()
	_, after, _ := strings.Cut(client(t, s).Info(t.Context(), "server").Val(), "process_id:")
	text, _, _ := strings.Cut(after, "\r\n")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// killed kills the child and waits until that was noticed.
func killed(t *testing.T, s *localredis.Server) {
	t.Helper()
	if err := syscall.Kill(pid(t, s), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	endsByItself(t, s)
}

func endsByItself(t *testing.T, s *localredis.Server) {
	t.Helper()
	select {
	case <-s.Done():
		if s.Err() == nil {
			t.Error("no error tells why redis-server ended")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody told that redis-server ended")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := client(t, start(t, t.TempDir()))
	for name, want := range map[string]string{"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "port": "0"} {
		if got := c.ConfigGet(t.Context(), name).Val()[name]; got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
}

func TestOneOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := localredis.Start(ctx, dir, quiet); !errors.Is(err, localredis.ErrOwned) || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want ErrOwned with the folder's name", err)
	}
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := client(t, start(t, dir)).Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestUnexpectedEndIsTold(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	_ = client(t, s).Do(t.Context(), "SHUTDOWN", "NOSAVE").Err() // the connection ends with it
	endsByItself(t, s)
}

func TestNothingIsLeftWhenTheParentIsKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux signals a parent's death")
	}
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "LOCALREDIS_PARENT_OF="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 5)
	if _, err := out.Read(said); err != nil || string(said) != "ready" {
		t.Fatalf("the parent said %q, %v", said, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	t.Cleanup(func() {
		for _, left := range runningIn(dir) {
			_ = syscall.Kill(left, syscall.SIGKILL)
		}
	})
	testenv.Eventually(t, 10*time.Second, func() bool { return len(runningIn(dir)) == 0 }, "redis-server of %s is gone", dir)
	if err := client(t, start(t, dir)).Ping(t.Context()).Err(); err != nil {
		t.Errorf("the folder is not free: %v", err)
	}
}

// runningIn are the processes with this working folder, as Redis has its data's.
func runningIn(dir string) (pids []int) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == dir {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link))) // the pattern's digits
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestMissingBinary(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := localredis.Start(t.Context(), t.TempDir(), quiet); !errors.Is(err, localredis.ErrNotInstalled) {
		t.Errorf("error %v", err)
	}
}
