package ws

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0))
	upgrade := http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	for _, row := range []struct {
		name, query, origin string
		plain               bool
		want                int
	}{
		{name: "no browser", want: 101},
		{name: "own origin", origin: "http://" + s.addr, want: 101},
		{name: "allowed origin", origin: "https://friend.example", want: 101},
		{name: "other origin", origin: "https://evil.example", want: 403},
		{name: "other port", origin: "http://127.0.0.1:1", want: 403},
		{name: "no origin at all", origin: "null", want: 403},
		{name: "no WebSocket", plain: true, want: 426},
		{name: "star in the middle", query: "types=a*b", want: 400},
		{name: "half a word", query: "types=scrap*", want: 400},
		{name: "empty type", query: "types=a,,b", want: 400},
		{name: "too many types", query: "types=" + strings.Repeat("a,", maxTypes) + "a", want: 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/ws?"+row.query, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if !row.plain {
				request.Header = upgrade.Clone()
			}
			if row.origin != "" {
				request.Header.Set("Origin", row.origin)
			}
			if got := status(t, request); got != row.want {
				t.Errorf("status %d, want %d", got, row.want)
			}
		})
	}
}

func TestWhatClientsSend(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0))
	for _, row := range []struct {
		name, sent string
		code       int
		reason     string // part of it
	}{
		{"garbage", "hello", closePolicy, "must be"},
		{"nothing to subscribe to", `{"types":["a"]}`, closePolicy, "must be"},
		{"a faulty type", `{"subscribe":{"types":["a*b"]}}`, closePolicy, "a*b"},
		{"a faulty type that is long", `{"subscribe":{"types":["` + strings.Repeat("é", 500) + `*x"]}}`, closePolicy, "éé"},
		{"too much", fmt.Sprintf(`{"subscribe":{"jobId":%q}}`, strings.Repeat("x", 1<<20)), websocket.CloseMessageTooBig, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := s.dial("")
			_ = l.WriteMessage(websocket.TextMessage, []byte(row.sent)) // the server may close before it has read all
			if reason := l.wantClosed(row.code); !strings.Contains(reason, row.reason) {
				t.Errorf("reason %q", reason)
			}
		})
	}
}

func TestBinaryFramesAreIgnored(t *testing.T) {
	t.Parallel()
	stream := newLog(0)
	s := serve(t, stream)
	l := s.dial("")
	s.live(1)
	if err := l.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteJSON(map[string]any{"subscribe": map[string]any{"types": []string{"b"}}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next frame is heard", func() bool {
		return s.clients(func(c *client) bool { return !c.wants(&outgoing{Event: Event{Type: "a"}, scope: scope{}}) }) == 1
	})
}
