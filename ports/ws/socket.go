package ws

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	fasthttp "github.com/fasthttp/websocket"
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
	// bufferSize bounds what a connection holds while it is idle; larger frames pass through.
	bufferSize = 1 << 10
)

// Access says who may listen.
type Access struct {
	// Origins are those of browsers beside the server's own; other clients send none.
	Origins []string
	// Request tells whether a request shows a token or a session; nil lets everyone in.
	Request func(*fiber.Ctx) bool
	// Token tells whether a token is known, for clients that can send no header.
	Token func(token string) bool
}

// letInKey holds, for a connection, whether its request showed a token.
const letInKey = "let_in"

// Mount serves the feed at /ws, and for clients of Socket.IO at /socket.io.
func (f *Feed) Mount(router fiber.Router, access Access) {
	router.Use("/ws", access.check)
	router.Use("/socket.io", socketIOOnly, access.check)
	config := websocket.Config{ReadBufferSize: bufferSize, WriteBufferSize: bufferSize}
	router.Get("/ws", websocket.New(func(conn *websocket.Conn) { f.serve(conn, plain{}) }, config))
	router.Get("/socket.io", websocket.New(func(conn *websocket.Conn) { f.serve(conn, newSocketIO(conn, access, f.ping)) }, config))
}

// check refuses what is no handshake of a listener.
func (a Access) check(c *fiber.Ctx) error {
	if !websocket.IsWebSocketUpgrade(c) {
		return fiber.NewError(fiber.StatusUpgradeRequired, "this path serves WebSocket")
	}
	if !originAllowed(c.Get(fiber.HeaderOrigin), c.Get(fiber.HeaderHost), a.Origins) {
		return fiber.NewError(fiber.StatusForbidden, "this origin is not allowed")
	}
	if err := (filter{Types: parseTypes(c.Query("types"))}).validate(); err != nil {
		return fiber.NewError(fiber.StatusBadRequest, "types: "+err.Error())
	}
	c.Locals(letInKey, a.Request == nil || a.Request(c))
	return c.Next()
}

func originAllowed(origin, host string, allowed []string) bool {
	if origin == "" || slices.Contains(allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// dialect is how one kind of client is spoken to.
type dialect interface {
	// open begins the conversation: it says hello by itself, or once the client has.
	open(l *line, c *client)
	packet(e *Event) []byte
	number() int // among the dialects
	beat(l *line)
	hear(l *line, c *client, raw []byte)
}

// The dialects, by number.
const (
	plainDialect = iota
	socketIODialect
	dialects
)

// plain sends envelopes as they are.
type plain struct{}

func (plain) open(l *line, c *client) { c.hello(l.conn.Query("since")) }
func (plain) packet(e *Event) []byte  { return e.Frame }
func (plain) number() int             { return plainDialect }

// beat needs no answer of its own: a failure shows in what is written or read next.
func (plain) beat(l *line) {
	_ = l.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(closeWithin))
}

func (plain) hear(_ *line, c *client, raw []byte) {
	wanted, err := parseSubscribe(raw)
	if err != nil {
		c.drop(closePolicy, err.Error())
		return
	}
	c.want(wanted)
}

// line is a connection that several goroutines write to.
type line struct {
	conn    *websocket.Conn
	writing sync.Mutex
}

func (l *line) write(frame []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	return l.conn.WriteMessage(websocket.TextMessage, frame)
}

func (l *line) writePrepared(frame *fasthttp.PreparedMessage) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	return l.conn.WritePreparedMessage(frame)
}

// serve is one connection, from upgrade to close.
func (f *Feed) serve(conn *websocket.Conn, talk dialect) {
	c := newClient(talk, filter{Types: parseTypes(conn.Query("types")), JobID: conn.Query("jobId"), BatchID: conn.Query("batchId")})
	if f.enter(c) {
		defer f.serving.Done()
	} else {
		c.drop(closeGoingAway, reasonEnding)
	}
	l := &line{conn: conn}
	talk.open(l, c)
	var wg sync.WaitGroup
	wg.Go(func() { receive(l, c, f.ping*9/4) }) // two pings may get lost
	wg.Go(func() { keepAlive(l, c, f.ping) })
	wg.Go(func() { hurry(conn, c) })
	if since, ready := c.ready(); ready {
		since, _, _ = strings.Cut(since, marker)
		f.catchUp(l, c, since)
		pump(l, c)
	}
	f.leave(c)
	code, reason := c.end()
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeWithin))
	_ = conn.SetReadDeadline(time.Now().Add(closeWithin))
	wg.Wait()
	_ = conn.Close()
}

// pump sends events until the client is dropped.
func pump(l *line, c *client) {
	for !c.dropped() {
		select {
		case e := <-c.events:
			c.send(l, e)
		case <-c.ctx.Done():
		}
	}
}

// keepAlive pings, so that an idle connection stays open and a dead one is noticed.
func keepAlive(l *line, c *client, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.talk.beat(l)
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
func receive(l *line, c *client, silence time.Duration) {
	l.conn.SetReadLimit(maxInbound)
	alive := func() error { return c.extend(l.conn, silence) }
	l.conn.SetPongHandler(func(string) error { return alive() })
	for alive() == nil {
		kind, raw, err := l.conn.ReadMessage()
		if err != nil {
			c.drop(closeNormal, "")
			return
		}
		if kind == websocket.TextMessage {
			c.talk.hear(l, c, raw)
		}
	}
}
