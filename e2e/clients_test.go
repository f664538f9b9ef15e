package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/redis/go-redis/v9"

	"leadstream/internal/testenv"
)

const manyClients = 2000

// BenchmarkClients lets 2,000 clients listen at one process, and reports how
// long after an event is written to Redis its frame is read (p50, p99 over all
// clients and events), and how much memory each client takes. Readers and
// server share the machine. Half of the clients take every event, the others
// one job's.
func BenchmarkClients(b *testing.B) {
	raiseFiles(b)
	store := testenv.Redis(b)
	server := startPlain(b, "REDIS_URL="+store.URL())
	before := rss(b, server.pid)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var delays []time.Duration
	for i := range manyClients {
		query := ""
		if i%2 == 1 {
			query = "jobId=job-0"
		}
		conn := dialSmall(b, "ws://"+server.addr+"/ws?"+query)
		wg.Go(func() {
			own := make([]time.Duration, 0, 1024)
			frame := make([]byte, 512)
			for {
				n, err := readFrame(conn, frame)
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					delays = append(delays, own...)
					return
				}
				read := time.Now()
				if sent, ok := sentAt(frame[:n]); ok {
					own = append(own, read.Sub(sent))
				}
			}
		})
	}
	perClient := float64(rss(b, server.pid)-before) / manyClients
	client := store.Client()
	every := time.NewTicker(200 * time.Millisecond)
	defer every.Stop()
	for n := 0; b.Loop(); n++ {
		<-every.C
		id := fmt.Sprintf("%d-bench%05d", time.Now().UnixMicro(), n)
		envelope := fmt.Sprintf(`{"id":%q,"timestamp":"2026-11-24T12:00:00.000Z","type":"job:updated","data":{"jobId":"job-%d","sent":%d}}`, id, n%50, time.Now().UnixNano())
		err := client.XAdd(b.Context(), &redis.XAddArgs{Stream: "leadstream:events", Values: []any{
			"_watermill_message_uuid", id, "type", "job:updated", "metadata", "", "payload", envelope,
		}}).Err()
		if err != nil {
			b.Fatal(err)
		}
	}
	<-every.C // what is under way arrives
	server.stop()
	wg.Wait()
	slices.Sort(delays)
	if len(delays) < b.N*manyClients/2 {
		b.Fatalf("%d frames for %d events", len(delays), b.N)
	}
	b.ReportMetric(milliseconds(delays[len(delays)/2]), "p50-ms")
	b.ReportMetric(milliseconds(delays[len(delays)*99/100]), "p99-ms")
	b.ReportMetric(perClient/1024, "KiB/client")
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// readFrame costs the readers little, who take their time from the server.
func readFrame(conn *websocket.Conn, into []byte) (n int, err error) {
	_, r, err := conn.NextReader()
	for err == nil && n < len(into) {
		var more int
		more, err = r.Read(into[n:])
		n += more
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func sentAt(frame []byte) (time.Time, bool) {
	_, rest, _ := bytes.Cut(frame, []byte(`"sent":`))
	digits, _, _ := bytes.Cut(rest, []byte("}"))
	nanoseconds, err := strconv.ParseInt(string(digits), 10, 64)
	return time.Unix(0, nanoseconds), err == nil
}

func dialSmall(b *testing.B, address string) *websocket.Conn {
	b.Helper()
	dialer := websocket.Dialer{ReadBufferSize: 1024, WriteBufferSize: 256}
	conn, answer, err := dialer.Dial(address, nil)
	if err != nil {
		b.Fatal(err)
	}
	_ = answer.Body.Close()
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// plainServer is the program as users build it, without the race detector.
type plainServer struct {
	addr string
	pid  int
	stop func()
}

func startPlain(b *testing.B, settings ...string) plainServer {
	b.Helper()
	program := filepath.Join(b.TempDir(), "leadstream")
	if out, err := exec.Command("go", "build", "-o", program, "leadstream/cmd/leadstream").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	addr := freeAddr(b)
	cmd := exec.Command(program, "serve", "--role", "api")
	cmd.Env = append(append(os.Environ(), "DATA_DIR="+b.TempDir(), "LOG_LEVEL=error", "HTTP_ADDR="+addr, "RATE_LIMIT_PER_MINUTE=100000000"), settings...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	b.Cleanup(stop)
	_ = whenReady(b, "http://"+addr+"/readyz").Body.Close()
	return plainServer{addr, cmd.Process.Pid, stop}
}

// rss is how many bytes of a process are in memory.
func rss(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kib << 10
}

// raiseFiles allows both sides of every connection.
func raiseFiles(b *testing.B) {
	b.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		b.Fatal(err)
	}
	if limit.Cur = limit.Max; limit.Cur < 2*manyClients {
		b.Fatalf("only %d files may be open: raise ulimit -n", limit.Cur)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		b.Fatal(err)
	}
}
