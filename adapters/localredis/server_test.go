package localredis_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	s, err := localredis.Start(t.Context(), dir, quiet)
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
	if _, err := localredis.Start(ctx, dir, quiet); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want one that names the folder", err)
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
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody told that redis-server ended")
	}
}

func TestNothingIsLeftWhenTheParentIsKilled(t *testing.T) {
	t.Parallel()
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
	testenv.Eventually(t, 10*time.Second, func() bool { return !running(dir) }, "redis-server of %s is gone", dir)
	if err := client(t, start(t, dir)).Ping(t.Context()).Err(); err != nil {
		t.Errorf("the folder is not free: %v", err)
	}
}

// running looks for a redis-server by its working folder.
func running(dir string) bool {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == dir {
			return true
		}
	}
	return false
}

func TestMissingBinary(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := localredis.Start(t.Context(), t.TempDir(), quiet); !errors.Is(err, localredis.ErrNotInstalled) {
		t.Errorf("error %v", err)
	}
}
