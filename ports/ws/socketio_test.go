package ws

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"

	"leadstream/internal/testenv"
)

//go:embed testdata/client.mjs
var clientScript string

const known = "0123456789abcdef"

// browser is socket.io-client, as npm has it, under Node.
type browser struct {
	*testenv.Node

	t *testing.T
}

// options are those of the client, and what it subscribes to when it connects.
func (s *server) browser(query string, options, subscribe map[string]any) browser {
	s.t.Helper()
	o, _ := json.Marshal(options)
	sub, _ := json.Marshal(subscribe)
	if subscribe == nil {
		sub = []byte("{}")
	}
	return browser{testenv.StartNode(s.t, testenv.SocketIOClient(s.t), clientScript, "http://"+s.addr+"?"+query, string(o), string(sub)), s.t}
}

func (b browser) hears(want ...any) {
	b.t.Helper()
	wanted, _ := json.Marshal(want)
	if line := b.Line(soon); line != string(wanted) {
		b.t.Fatalf("the client heard %s, want %s", line, wanted)
	}
}

// hearsEvent reads an event's name and envelope.
func (b browser) hearsEvent(name, id string) frame {
	b.t.Helper()
	line := b.Line(soon)
	var heard []json.RawMessage
	var f frame
	var got string
	if json.Unmarshal([]byte(line), &heard) != nil || len(heard) != 2 || json.Unmarshal(heard[0], &got) != nil || json.Unmarshal(heard[1], &f) != nil ||
		got != name || f.Type != name || f.ID != id || f.Time.IsZero() {
		b.t.Fatalf("the client heard %s, want %s with %s", line, name, id)
	}
	return f
}

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs Node")
	}
}

func TestSocketIOHearsEveryEvent(t *testing.T) {
	t.Parallel()
	skipShort(t)
	stream := newLog(0)
	s := serve(t, stream)
	b := s.browser("", nil, nil)
	b.hears("connect", false)
	s.live(1)
	names := []string{
		"scraping:progress", "scraping:complete", "scraping:failed", "scraping:cancelled", "enrichment:progress", "job:updated",
		"batch:progress", "business:created", "business:updated", "stats:updated", "queue:updated", "alert:raised", "alert:cleared",
	}
	for i, name := range names {
		stream.append(name, map[string]any{"jobId": "é\"" + name})
		if f := b.hearsEvent(name, fmt.Sprintf("%d-x", i+1)); f.Data["jobId"] != "é\""+name {
			t.Errorf("data %v", f.Data)
		}
	}
}

func TestSocketIOFilters(t *testing.T) {
	t.Parallel()
	skipShort(t)
	stream := newLog(3)
	s := serve(t, stream)
	b := s.browser("types=a&since=1-x", nil, map[string]any{"types": []string{"b"}, "jobId": "j1"})
	b.hears("connect", false)
	b.hears("ack", map[string]any{"ok": true})
	stream.add("a", 1)
	stream.add("b", 1)
	b.hearsEvent("b", "5-x")
}

func TestSocketIORefusesAFaultyFilter(t *testing.T) {
	t.Parallel()
	skipShort(t)
	s := serve(t, newLog(0))
	b := s.browser("", nil, map[string]any{"types": []string{"a*b"}})
	b.hears("connect", false)
	if line := b.Line(soon); !strings.Contains(line, `"ok":false`) || !strings.Contains(line, "a*b") {
		t.Errorf("answer %s", line)
	}
}

// TestSocketIOGoesOn ends the server and begins it anew at its address: the
// client comes back by itself, and has missed nothing.
func TestSocketIOGoesOn(t *testing.T) {
	t.Parallel()
	skipShort(t)
	stream := newLog(0)
	s := serve(t, stream)
	b := s.browser("", nil, nil)
	b.hears("connect", false)
	s.live(1)
	stream.add("job:updated", 2)
	b.hearsEvent("job:updated", "1-x")
	b.hearsEvent("job:updated", "2-x")
	s.stop()
	b.hears("disconnect", "transport close")
	stream.add("job:updated", 3)
	serveAt(t, s.addr, stream)
	line := b.Line(soon)
	for strings.Contains(line, "connect_error") { // while nobody listens
		line = b.Line(soon)
	}
	if line != `["connect",true]` {
		t.Fatalf("the client heard %s, want that it is back", line)
	}
	for i := 3; i <= 5; i++ {
		b.hearsEvent("job:updated", fmt.Sprintf("%d-x", i))
	}
	stream.add("job:updated", 1)
	b.hearsEvent("job:updated", "6-x")
}

func TestSocketIOTokens(t *testing.T) {
	t.Parallel()
	skipShort(t)
	s := serveFor(t, newLog(0), Access{
		Request: func(c *fiber.Ctx) bool {
			return c.Get("Authorization") == "Bearer "+known || c.Cookies("session") == "s1"
		},
		Token: func(token string) bool { return token == known },
	})
	for name, row := range map[string]struct {
		query   string
		options map[string]any
		refused bool
	}{
		"header":      {options: map[string]any{"extraHeaders": map[string]string{"Authorization": "Bearer " + known}}},
		"cookie":      {options: map[string]any{"extraHeaders": map[string]string{"Cookie": "session=s1"}}},
		"auth":        {options: map[string]any{"auth": map[string]string{"token": known}}},
		"query":       {query: "token=" + known},
		"nothing":     {refused: true},
		"wrong auth":  {options: map[string]any{"auth": map[string]string{"token": "x"}}, refused: true},
		"wrong query": {query: "token=x", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := *s
			at.t = t
			b := at.browser(row.query, row.options, nil)
			if row.refused {
				b.hears("connect_error", "this needs an API token")
			} else {
				b.hears("connect", false)
			}
		})
	}
}

func TestSocketIOHandshake(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0))
	for _, row := range []struct {
		query, origin string
		want          int
	}{
		{"EIO=4&transport=websocket", "", 101},
		{"EIO=4&transport=websocket", "http://" + s.addr, 101},
		{"EIO=4&transport=websocket", "https://evil.example", 403},
		{"EIO=4&transport=polling", "", 400},
		{"EIO=3&transport=websocket", "", 400},
		{"EIO=4&transport=websocket&types=a*b", "", 400},
		{"", "", 400},
	} {
		header := http.Header{}
		if row.origin != "" {
			header.Set("Origin", row.origin)
		}
		conn, answer, err := websocket.DefaultDialer.Dial("ws://"+s.addr+"/socket.io/?"+row.query, header)
		if answer == nil {
			t.Fatalf("%s: %v", row.query, err)
		}
		if err == nil {
			_ = conn.Close()
		}
		if answer.StatusCode != row.want {
			t.Errorf("%s from %q: %d, want %d", row.query, row.origin, answer.StatusCode, row.want)
		}
	}
}

// dialRaw speaks Engine.IO by hand, past its open packet.
func (s *server) dialRaw(packets ...string) *listener {
	s.t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+s.addr+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	s.t.Cleanup(func() { _ = conn.Close() })
	l := &listener{conn, s.t}
	var open struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int      `json:"pingInterval"`
		PingTimeout  int      `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}
	packet := l.packet()
	if err := json.Unmarshal([]byte(packet[1:]), &open); err != nil || packet[0] != '0' || open.SID == "" || open.PingInterval < 10 || open.MaxPayload == 0 {
		s.t.Fatalf("open packet %s: %v", packet, err)
	}
	for _, p := range packets {
		if err := l.WriteMessage(websocket.TextMessage, []byte(p)); err != nil {
			s.t.Fatal(err)
		}
	}
	return l
}

func (l *listener) packet() string {
	l.t.Helper()
	_ = l.SetReadDeadline(time.Now().Add(soon))
	_, raw, err := l.ReadMessage()
	if err != nil || len(raw) == 0 {
		l.t.Fatalf("packet %q: %v", raw, err)
	}
	return string(raw)
}

func TestSocketIOPackets(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0))
	for _, row := range []struct {
		send  []string
		want  string // how the next packet begins; empty is a close
		about string // part of it
	}{
		{[]string{"40"}, `40{`, `"pid"`},
		{[]string{`40{"pid":"p1","offset":"9-x"}`}, `40{`, `"pid":"p1"`},
		{[]string{"40/admin,"}, `44/admin,{`, "Invalid namespace"},
		{[]string{`40/admin,{"token":"x"}`, "40"}, `44/admin,{`, ""},
		{[]string{"40[1]"}, `44{`, "invalid auth"},
		{[]string{"", "3", "x", "4", "5", "6hello", "42", `42["x"]`, "42nonsense", `429["subscribe"]`, `42["unknown",1]`, "40"}, `40{`, ""},
		{[]string{"41"}, "", ""},
		{[]string{"1"}, "", ""},
	} {
		l := s.dialRaw(row.send...)
		if row.want == "" {
			l.wantClosed(closeNormal)
			continue
		}
		if got := l.packet(); !strings.HasPrefix(got, row.want) || !strings.Contains(got, row.about) {
			t.Errorf("%q: %s", row.send, got)
		}
	}
}

// TestSocketIOPings keeps a client that answers, and ends one that does not.
func TestSocketIOPings(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0), func(f *Feed) { f.ping = time.Second }) // in which a busy machine gets round to an answer
	l := s.dialRaw("40")
	_ = l.packet() // connected
	for range 3 {
		if p := l.packet(); p != "2" {
			t.Fatalf("packet %s, want a ping", p)
		}
		if err := l.WriteMessage(websocket.TextMessage, []byte("3")); err != nil {
			t.Fatal(err)
		}
	}
	l.wantClosed(closeNormal) // it answers no more
}

func TestSocketIOClosesWithoutConnect(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0))
	s.end()
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+s.addr+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	defer func() { _ = conn.Close() }()
	(&listener{conn, t}).wantClosed(closeGoingAway)
}
