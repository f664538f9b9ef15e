package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The clients that users have; npm keeps their versions for good.
const (
	socketIOClient = "socket.io-client@4.8.4"
	wscat          = "wscat@6.1.0"
)

// SocketIOClient is a folder in which Node finds the unmodified npm package
// socket.io-client. It is installed once, and kept among the user's caches.
func SocketIOClient(t testing.TB) string {
	t.Helper()
	return npmPackage(t, socketIOClient)
}

// Wscat is the program wscat as npm installs it.
func Wscat(t testing.TB) string {
	t.Helper()
	return filepath.Join(npmPackage(t, wscat), "node_modules", ".bin", "wscat")
}

func npmPackage(t testing.TB, pkg string) (dir string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	parent := filepath.Join(cache, "leadstream-tests")
	dir = filepath.Join(parent, strings.Replace(pkg, "@", "-", 1))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := installPackage(parent, dir, pkg); err != nil {
		t.Fatal(err)
	}
	return dir
}

// installPackage installs beside, and moves: of several at once one stands.
func installPackage(parent, dir, pkg string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("no npm on PATH: install Node.js")
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return fmt.Errorf("creating the cache: %w", err)
	}
	fresh, err := os.MkdirTemp(parent, "new-")
	if err != nil {
		return fmt.Errorf("creating the cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	install := exec.Command(npm, "install", "--prefix", fresh, "--no-audit", "--no-fund", "--ignore-scripts", pkg)
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("installing %s: %w: %s", pkg, err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		return fmt.Errorf("keeping %s: %w", pkg, err)
	}
	return nil
}

// Node is a running script.
type Node struct {
	t     testing.TB
	lines chan string
}

// StartNode runs a script, an ES module, in a folder with arguments, until the test ends.
func StartNode(t testing.TB, dir, script string, args ...string) *Node {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no node on PATH: install Node.js")
	}
	cmd := exec.Command(node, append([]string{"--input-type=module", "--eval", script, "--"}, args...)...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &Node{t, make(chan string, 10_000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(n.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
	})
	return n
}

// Line is the next line the script wrote.
func (n *Node) Line(within time.Duration) string {
	n.t.Helper()
	select {
	case line, open := <-n.lines:
		if !open {
			n.t.Fatal("the script has ended")
		}
		return line
	case <-time.After(within):
		n.t.Fatalf("the script wrote nothing within %s", within)
	}
	return ""
}
