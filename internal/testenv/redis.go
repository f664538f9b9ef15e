// Package testenv gives a test the real things it needs: a Redis, a Postgres,
// a browser, each started for the test and gone with it.
package testenv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	startTimeout = 20 * time.Second // for a server to answer on a busy machine
	stopTimeout  = 5 * time.Second
	portAttempts = 5
)

// RedisDB is one numbered database of a Redis.
type RedisDB struct {
	t    testing.TB
	addr string
	db   int
}

// Addr is host and port.
func (d RedisDB) Addr() string { return d.addr }

// Options is how go-redis reaches the database.
func (d RedisDB) Options() *redis.Options { return &redis.Options{Addr: d.addr, DB: d.db} }

// URL is the database's redis:// address; it ends with the port for number 0.
func (d RedisDB) URL() string {
	if d.db == 0 {
		return "redis://" + d.addr
	}
	return fmt.Sprintf("redis://%s/%d", d.addr, d.db)
}

// Client is a new client, closed with the test.
func (d RedisDB) Client() *redis.Client {
	c := redis.NewClient(d.Options())
	d.t.Cleanup(func() { _ = c.Close() })
	return c
}

// RedisServer is a redis-server of the test's own, with an append-only file.
type RedisServer struct {
	RedisDB

	dir    string
	server *process // nil while it is stopped
}

// Redis starts a redis-server on a free loopback port.
func Redis(t testing.TB) *RedisServer {
	t.Helper()
	dir := t.TempDir()
	addr, server, err := redisOnFreePort(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &RedisServer{RedisDB: RedisDB{t: t, addr: addr}, dir: dir, server: server}
	t.Cleanup(s.Kill)
	return s
}

// Start starts a stopped server on its port and data, and waits until it answers.
func (s *RedisServer) Start() {
	s.t.Helper()
	if s.server != nil {
		s.t.Fatal("starting redis-server: it runs")
	}
	server, err := startRedis(s.addr, s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = server
}

// Stop ends the server as an operator would; its data stay.
func (s *RedisServer) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the server at once; what it had written stays.
func (s *RedisServer) Kill() { s.end(syscall.SIGKILL) }

// Restart stops and starts it.
func (s *RedisServer) Restart() {
	s.t.Helper()
	s.Stop()
	s.Start()
}

// Pause leaves the server's connections open and unanswered until Resume.
func (s *RedisServer) Pause() { s.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *RedisServer) Resume() { s.signal(syscall.SIGCONT) }

func (s *RedisServer) signal(signal syscall.Signal) {
	s.t.Helper()
	if s.server == nil {
		s.t.Fatal("redis-server does not run")
	}
	if err := s.server.cmd.Process.Signal(signal); err != nil {
		s.t.Fatalf("sending %s to redis-server: %v", signal, err)
	}
}

func (s *RedisServer) end(signal syscall.Signal) {
	if s.server != nil {
		s.server.end(signal)
		s.server = nil
	}
}

// errPortTaken is a server's whose port went to another process.
var errPortTaken = errors.New("its port was taken")

func redisOnFreePort(dir string) (addr string, server *process, err error) {
	for range portAttempts {
		port, err := freePort()
		if err != nil {
			return "", nil, err
		}
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if server, err = startRedis(addr, dir); !errors.Is(err, errPortTaken) {
			return addr, server, err
		}
	}
	return "", nil, fmt.Errorf("starting redis-server %d times: %w", portAttempts, errPortTaken)
}

func startRedis(addr, dir string) (*process, error) {
	binary, err := tool("redis-server")
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr) // joined above
	server, err := startProcess(exec.Command(binary, "--bind", host, "--port", port, "--dir", dir, "--databases", strconv.Itoa(sharedDatabases),
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--loglevel", "warning"), syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer func() { _ = c.Close() }()
	answers := poll(startTimeout, func() bool { return server.hasEnded() || answersAs(c, server.cmd.Process.Pid) })
	if answers && !server.hasEnded() {
		return server, nil
	}
	server.end(syscall.SIGKILL)
	if server.lostItsPort() {
		return nil, errPortTaken
	}
	return nil, fmt.Errorf("redis-server does not answer: %s", server.output.String())
}

// answersAs tells the process that was started from one that has its port.
func answersAs(c *redis.Client, pid int) bool {
	conn, err := net.Dial("tcp", c.Options().Addr) // the client writes of failed dials to the standard error
	if err != nil {
		return false
	}
	_ = conn.Close()
	ctx := context.Background()
	info := c.Info(ctx, "server").Val()
	return strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", pid)) && c.Ping(ctx).Err() == nil
}
