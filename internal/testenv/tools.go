package testenv

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Fataler is what can end a test: a testing.TB, or the test of a property.
type Fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Eventually polls until cond holds, and fails the test when it does not in time.
func Eventually(t Fataler, within time.Duration, cond func() bool, what string, args ...any) {
	t.Helper()
	if !poll(within, cond) {
		t.Fatalf("not within %s: %s", within, fmt.Sprintf(what, args...))
	}
}

func poll(within time.Duration, cond func() bool) bool {
	deadline := time.Now().Add(within)
	for !cond() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}

// Browser is the path of Chromium.
func Browser(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium on PATH: run `make setup`")
	return ""
}

// tool is the path of a program, also where Debian keeps Postgres's.
func tool(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", fmt.Errorf("no %s on PATH: run `make setup`", name)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
