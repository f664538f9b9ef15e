package ws

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
)

const (
	pingEvery = 20 * time.Second
	// writeWithin is how long one write may take: a client that begins to read
	// again within it is still told why it was dropped.
	writeWithin = 30 * time.Second
	// closeWithin bounds the last write, and the wait for the client's own close frame.
	closeWithin = time.Second
	maxInbound  = 4 << 10
)

// Mount serves the feed at /ws. Browsers must come from the server's own
// origin or one of the allowed; other clients send none.
func (f *Feed) Mount(router fiber.Router, allowedOrigins []string) {
	router.Use("/ws", func(c *fiber.Ctx) error {
		if !websocket.IsWebSocketUpgrade(c) {
			return fiber.NewError(fiber.StatusUpgradeRequired, "this path serves WebSocket")
		}
		if !originAllowed(c.Get(fiber.HeaderOrigin), c.Get(fiber.HeaderHost), allowedOrigins) {
			return fiber.NewError(fiber.StatusForbidden, "this origin is not allowed")
		}
		if err := (filter{Types: parseTypes(c.Query("types"))}).validate(); err != nil {
			return fiber.NewError(fiber.StatusBadRequest, "types: "+err.Error())
		}
		return c.Next()
	})
	router.Get("/ws", websocket.New(f.serve))
}

func originAllowed(origin, host string, allowed []string) bool {
	if origin == "" || slices.Contains(allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// serve is one connection, from upgrade to close.
func (f *Feed) serve(conn *websocket.Conn) {
	c := newClient(filter{Types: parseTypes(conn.Query("types")), JobID: conn.Query("jobId"), BatchID: conn.Query("batchId")})
	if f.enter(c) {
		defer f.serving.Done()
	} else {
		c.drop(closeGoingAway, reasonEnding)
	}
	var wg sync.WaitGroup
	wg.Go(func() { receive(conn, c, f.ping*9/4) }) // two pings may get lost
	wg.Go(func() { keepAlive(conn, c, f.ping) })
	wg.Go(func() { hurry(conn, c) })
	since, _, _ := strings.Cut(conn.Query("since"), marker)
	f.catchUp(conn, c, since)
	pump(conn, c)
	f.leave(c)
	code, reason := c.end()
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeWithin))
	_ = conn.SetReadDeadline(time.Now().Add(closeWithin))
	wg.Wait()
	_ = conn.Close()
}

// pump sends frames until the client is dropped.
func pump(conn *websocket.Conn, c *client) {
	for !c.dropped() {
		select {
		case frame := <-c.frames:
			write(conn, c, frame)
		case <-c.ctx.Done():
		}
	}
}

// write sends a frame; a client that does not take it is dropped.
func write(conn *websocket.Conn, c *client, frame []byte) {
	err := conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if err == nil {
		err = conn.WriteMessage(websocket.TextMessage, frame)
	}
	if err != nil {
		c.drop(closeTryLater, reasonTooSlow)
	}
}

// keepAlive pings, so that an idle connection stays open and a dead one is noticed.
func keepAlive(conn *websocket.Conn, c *client, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			// A failure shows in what is written or read next.
			_ = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(closeWithin))
		case <-c.ctx.Done():
			return
		}
	}
}

// hurry bounds the write that a client is dropped in. One that reads too
// slowly keeps its time: only behind that write can it be told the reason.
func hurry(conn *websocket.Conn, c *client) {
	<-c.ctx.Done()
	if code, _ := c.end(); code != closeTryLater {
		_ = conn.NetConn().SetWriteDeadline(time.Now().Add(closeWithin))
	}
}

// receive takes what the client sends until it is gone, or silent for too long.
func receive(conn *websocket.Conn, c *client, silence time.Duration) {
	conn.SetReadLimit(maxInbound)
	alive := func() error { return c.extend(conn, silence) }
	conn.SetPongHandler(func(string) error { return alive() })
	for alive() == nil {
		kind, raw, err := conn.ReadMessage()
		if err != nil {
			c.drop(closeNormal, "")
			return
		}
		if kind == websocket.TextMessage {
			c.hear(raw)
		}
	}
}
