// Package localredis runs a redis-server found on PATH as a child process, so
// that Leadstream needs no Redis to be set up: append-only file, no eviction,
// a private unix socket, gone with its parent however that ends.
package localredis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	startTimeout = 30 * time.Second // loading a large append-only file takes a while
	stopTimeout  = 10 * time.Second // then it is killed
	// maxSocketPath is under the 104 bytes that the smallest system allows.
	maxSocketPath = 100
)

// ErrNotInstalled says how to come by a Redis.
var ErrNotInstalled = errors.New("no redis-server on PATH: install it (apt install redis-server, brew install redis, dnf install redis) or name another Redis with REDIS_URL")

// Server is a running redis-server child.
type Server struct {
	socket string
	cmd    *exec.Cmd
	lock   *os.File
	log    *slog.Logger
	tmp    string // folder of the socket when the data folder's path is too long
	close  func() error

	stopping atomic.Bool // Close was called: the end is no surprise
	ended    chan struct{}
	err      error // written before ended is closed
}

// Start runs a redis-server on the files in dir and waits until it answers.
// One process owns a dir; a second one is refused with ErrOwned after 10 s, in
// which an owner that is about to go may do so.
func Start(ctx context.Context, dir string, log *slog.Logger) (*Server, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNotInstalled
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("resolving the data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data folder: %w", err)
	}
	s := &Server{log: log, ended: make(chan struct{})}
	s.close = sync.OnceValue(s.stop)
	if s.lock, err = acquire(ctx, filepath.Join(dir, "redis.lock")); err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	if err := s.start(ctx, binary, dir); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// Options is how go-redis reaches the server.
func (s *Server) Options() *redis.Options { return &redis.Options{Network: "unix", Addr: s.socket} }

// URL is the server's address for whoever takes one: unix:// and the socket's path.
func (s *Server) URL() string { return (&url.URL{Scheme: "unix", Path: s.socket}).String() }

// Done is closed when the server has ended, by Close or by itself.
func (s *Server) Done() <-chan struct{} { return s.ended }

// Err is why the server ended by itself, whatever its exit status, and nil
// after Close; only to be asked after Done.
func (s *Server) Err() error { return s.err }

// Close lets the server write its file out and ends it. Its error tells that
// this took over 10 s and the server was killed.
func (s *Server) Close() error { return s.close() }

func (s *Server) stop() error {
	defer s.release()
	s.stopping.Store(true)
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // ended already is what is wanted
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopTimeout):
		_ = s.cmd.Process.Kill()
		<-s.ended
		return fmt.Errorf("stopping redis-server: killed, since it had not ended within %s", stopTimeout)
	}
}

func (s *Server) start(ctx context.Context, binary, dir string) error {
	if err := s.chooseSocket(dir); err != nil {
		return err
	}
	s.cmd = exec.Command(binary, "--port", "0", "--unixsocket", s.socket, "--unixsocketperm", "700", "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "everysec", "--aof-load-truncated", "yes", "--save", "",
		"--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "")
	s.cmd.SysProcAttr = childAttributes()
	// The child inherits the lock: while it still writes its file after its
	// parent was killed, no other can start on it.
	s.cmd.ExtraFiles = []*os.File{s.lock}
	output, err := s.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting redis-server: %w", err)
	}
	s.cmd.Stderr = s.cmd.Stdout
	started := make(chan error, 1)
	go s.supervise(output, started)
	if err := <-started; err != nil {
		return fmt.Errorf("starting redis-server: %w", err)
	}
	if err := s.waitReady(ctx); err != nil {
		_ = s.Close()
		return err
	}
	return nil
}

// chooseSocket keeps the socket beside the data unless the path is too long for one.
func (s *Server) chooseSocket(dir string) error {
	s.socket = filepath.Join(dir, "redis.sock")
	if len(s.socket) <= maxSocketPath {
		_ = os.Remove(s.socket) // left by a server that was killed
		return nil
	}
	parent := os.TempDir()
	if len(filepath.Join(parent, "leadstream-redis-0123456789", "redis.sock")) > maxSocketPath {
		parent = "/tmp"
	}
	tmp, err := os.MkdirTemp(parent, "leadstream-redis-")
	if err != nil {
		return fmt.Errorf("creating a folder for the socket: %w", err)
	}
	s.tmp, s.socket = tmp, filepath.Join(tmp, "redis.sock")
	return nil
}

func (s *Server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	options := s.Options()
	options.MaxRetries = -1 // the loop below tries again
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	for {
		if s.listens() && client.Ping(ctx).Err() == nil {
			return nil
		}
		select {
		case <-s.ended:
			return s.err
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not answer: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// listens spares the client dials that fail: it writes of them to the standard error.
func (s *Server) listens() bool {
	conn, err := net.Dial("unix", s.socket)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func (s *Server) release() {
	if s.lock != nil {
		_ = s.lock.Close() // the lock goes with the file
	}
	if s.tmp != "" {
		_ = os.RemoveAll(s.tmp)
	}
}
