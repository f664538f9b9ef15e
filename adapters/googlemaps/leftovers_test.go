package googlemaps_test

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"leadstream/adapters/googlemaps"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestNothingIsLeft counts processes and profiles after each way in which a
// search can end.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	r := newWorld(t)
	r.source.EndIdleAfter(200 * time.Millisecond)
	for name, search := range map[string]func(t *testing.T){
		"success": func(t *testing.T) {
			if err := r.search(t.Context(), "bakery", 10, &sightings{}); err != nil {
				t.Error(err)
			}
		},
		"failure": func(t *testing.T) {
			r.town.Faults().Set(sandbox.Switches{MapFailNext: 1})
			if err := r.search(t.Context(), "bakery", 10, &sightings{}); !fault.Is(err, fault.Transient) {
				t.Errorf("error %v", err)
			}
		},
		"cancel": func(t *testing.T) {
			r.town.Faults().Set(sandbox.Switches{MapStallMS: 1000})
			ctx, cancel := context.WithCancel(t.Context())
			var cancelled time.Time
			see := &sightings{onFind: func(n int) error {
				if n == 3 {
					cancelled = time.Now()
					cancel()
				}
				return nil
			}}
			err := r.search(ctx, "plumbing", 100, see)
			if took := time.Since(cancelled); err == nil || took > time.Second {
				t.Errorf("ended after %s: %v", took, err)
			}
		},
		"time-out": func(t *testing.T) {
			r.town.Faults().Set(sandbox.Switches{MapStallMS: 60_000})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if err := r.search(ctx, "bakery", 10, &sightings{}); err == nil || ctx.Err() == nil {
				t.Errorf("error %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			search(t)
			r.town.Faults().Set(sandbox.Switches{})
			testenv.Eventually(t, 15*time.Second, func() bool { return len(processes(r.dir)) == 0 && len(profiles(r.dir)) == 0 },
				"nothing is left, but %v and %v", processes(r.dir), profiles(r.dir))
		})
	}
}

// TestNothingIsLeftOfAKilledProcess ends a process in mid-search.
func TestNothingIsLeftOfAKilledProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	town, err := sandbox.Start(context.Background(), sandbox.Options{FeedDelay: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = town.Close() })
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			child := searching(t, town, dir)
			if len(processes(dir)) < 3 {
				t.Errorf("processes %v of a browser that is up", processes(dir))
			}
			if err := child.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait()
			testenv.Eventually(t, 15*time.Second, func() bool { return len(processes(dir)) == 0 }, "no browser is left, but %v", processes(dir))
			if signal == syscall.SIGKILL { // the next life of the service removes what nobody could
				next, err := googlemaps.New(googlemaps.Options{BaseURL: "http://maps.example", DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = next.Close() })
			}
			if left := profiles(dir); len(left) != 0 {
				t.Errorf("profiles left: %v", left)
			}
		})
	}
}

// searching starts a process of its own, and waits until it is in mid-search.
func searching(t *testing.T, town *sandbox.Server, dir string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDataDir+"="+dir, childBrowser+"="+testenv.Browser(t),
		childRules+"="+outbound.Overrides{{Pattern: "*.example", Addr: town.Addr()}}.ChromiumRules())
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "searching" {
			return child
		}
	}
	t.Fatalf("the child does not search: %v", child.Wait())
	return nil
}
