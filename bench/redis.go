package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// startRedis runs a redis-server of its own, its file synced every second.
func startRedis() (*server, func(), error) {
	dir, err := os.MkdirTemp("", "leadstream-bench-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a folder: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	// No rewrite of the file in the middle of a measurement.
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes",
		"--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0", "--dir", dir)
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting redis-server: %w", err)
	}
	s := &server{addr: "127.0.0.1:" + port}
	s.admin = s.client(2)
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	for range 100 {
		if err = s.admin.Ping(context.Background()).Err(); err == nil {
			return s, stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return nil, nil, fmt.Errorf("redis-server does not answer: %w", err)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// cpu is what the server and its file's threads have used, in seconds.
func (s *server) cpu() float64 {
	return s.number("cpu", "used_cpu_user") + s.number("cpu", "used_cpu_sys")
}

// memory is what the data takes, without that of the connections, the file's
// buffer and streams of a fixed length, which are emptied.
func (s *server) memory(fixed ...string) float64 {
	for _, key := range fixed {
		must(s.admin.XTrimMaxLen(context.Background(), key, 0).Err())
	}
	time.Sleep(1500 * time.Millisecond) // until the buffers are written
	return s.number("memory", "used_memory") - s.number("memory", "mem_clients_normal") - s.number("memory", "mem_aof_buffer")
}

func (s *server) number(section, field string) float64 {
	lines := bufio.NewScanner(strings.NewReader(must1(s.admin.Info(context.Background(), section).Result())))
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && name == field {
			return must1(strconv.ParseFloat(value, 64))
		}
	}
	panic("INFO has no " + field)
}
