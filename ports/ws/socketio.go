package ws

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
)

// Packet types of Engine.IO 4, each the first character of a WebSocket message,
// and of Socket.IO 5, the character behind it.
// https://socket.io/docs/v4/engine-io-protocol, https://socket.io/docs/v4/socket-io-protocol
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	engineMessage = '4'

	ioConnect      = '0'
	ioDisconnect   = '1'
	ioEvent        = '2'
	ioAck          = '3'
	ioConnectError = '4'
)

// socketIOOnly refuses other versions and transports than those that are spoken.
func socketIOOnly(c *fiber.Ctx) error {
	if c.Query("EIO") != "4" {
		return fiber.NewError(fiber.StatusBadRequest, "EIO: only version 4 of Engine.IO is spoken (socket.io-client 3 and 4)")
	}
	if c.Query("transport") != "websocket" {
		return fiber.NewError(fiber.StatusBadRequest, `transport: only websocket is served; connect with transports: ["websocket"]`)
	}
	return c.Next()
}

// socketIO speaks to an unmodified client of Socket.IO, in its main namespace.
type socketIO struct {
	letIn bool
	known func(token string) bool
	ping  time.Duration
	since string // of the handshake
}

func newSocketIO(conn *websocket.Conn, access Access, ping time.Duration) socketIO {
	letIn, _ := conn.Locals(letInKey).(bool)
	s := socketIO{letIn: letIn, known: access.Token, ping: ping, since: conn.Query("since")}
	s.letIn = s.letIn || s.knows(conn.Query("token"))
	return s
}

func (s socketIO) knows(token string) bool { return s.known != nil && s.known(token) }

// open tells the client how the connection is kept; it answers with a CONNECT packet.
func (s socketIO) open(l *line, c *client) {
	handshake, _ := json.Marshal(map[string]any{ // always encodes
		"sid": rand.Text(), "upgrades": []string{}, "pingInterval": s.ping.Milliseconds(), "pingTimeout": s.ping.Milliseconds(), "maxPayload": maxInbound,
	})
	s.say(l, c, append([]byte{engineOpen}, handshake...))
}

// packet is an event with its envelope, and the event's id behind it: clients
// hand the last argument back when they come back, if it is text.
func (socketIO) packet(e *Event) []byte {
	name, _ := json.Marshal(e.Type) // strings always encode
	id, _ := json.Marshal(e.ID)
	packet := make([]byte, 0, len(name)+len(e.Frame)+len(id)+6)
	packet = append(packet, engineMessage, ioEvent, '[')
	packet = append(append(packet, name...), ',')
	packet = append(append(packet, e.Frame...), ',')
	return append(append(packet, id...), ']')
}

func (socketIO) number() int { return socketIODialect }

// beat pings; that the client answers, receive notices.
func (socketIO) beat(l *line) { _ = l.write([]byte{enginePing}) }

func (s socketIO) hear(l *line, c *client, raw []byte) {
	switch {
	case len(raw) > 0 && raw[0] == engineClose:
		c.drop(closeNormal, "")
	case len(raw) < 2 || raw[0] != engineMessage:
		return // a pong, or what this server does not speak
	case raw[1] == ioConnect:
		s.connect(l, c, raw[2:])
	case raw[1] == ioDisconnect:
		c.drop(closeNormal, "")
	case raw[1] == ioEvent:
		s.event(l, c, raw[2:])
	}
}

// handshake is what a CONNECT packet may carry: what the user set as auth, and
// what the client itself remembers of the connection it lost.
type handshake struct {
	Token  string `json:"token"`
	Since  string `json:"since"`
	PID    string `json:"pid"`
	Offset string `json:"offset"`
}

const maxPID = 64

func (s socketIO) connect(l *line, c *client, raw []byte) {
	if len(raw) > 0 && raw[0] == '/' {
		namespace, _, _ := bytes.Cut(raw, []byte{','})
		s.refuse(l, c, string(namespace)+",", "Invalid namespace")
		return
	}
	var h handshake
	if len(raw) > 0 && json.Unmarshal(raw, &h) != nil {
		s.refuse(l, c, "", "invalid auth")
		return
	}
	if !s.letIn && !s.knows(h.Token) {
		s.refuse(l, c, "", "this needs an API token")
		c.drop(closePolicy, "this needs an API token")
		return
	}
	since := s.since
	if h.Since != "" {
		since = h.Since
	}
	if h.PID == "" || len(h.PID) > maxPID {
		h.PID = rand.Text()
	} else {
		since = h.Offset // it comes back, and tells by the same pid that nothing is missing
	}
	answer, _ := json.Marshal(map[string]string{"sid": rand.Text(), "pid": h.PID})
	s.say(l, c, append([]byte{engineMessage, ioConnect}, answer...))
	c.hello(since)
}

func (s socketIO) refuse(l *line, c *client, namespace, reason string) {
	answer, _ := json.Marshal(map[string]string{"message": reason})
	s.say(l, c, append([]byte(string([]byte{engineMessage, ioConnectError})+namespace), answer...))
}

// event hears emit("subscribe", {types, jobId, batchId}), with an acknowledgement if one is wanted.
func (s socketIO) event(l *line, c *client, raw []byte) {
	digits := len(raw) - len(bytes.TrimLeft(raw, "0123456789"))
	ack, body := raw[:digits], raw[digits:]
	var arguments []json.RawMessage
	var name string
	if json.Unmarshal(body, &arguments) != nil || len(arguments) != 2 || json.Unmarshal(arguments[0], &name) != nil || name != "subscribe" {
		return
	}
	wanted, err := parseFilter(arguments[1])
	if err == nil {
		c.want(wanted)
	} else if len(ack) == 0 {
		c.drop(closePolicy, err.Error())
	}
	if len(ack) > 0 && len(ack) < 16 {
		s.acknowledge(l, c, ack, err)
	}
}

func (s socketIO) acknowledge(l *line, c *client, id []byte, err error) {
	answer := map[string]any{"ok": err == nil}
	if err != nil {
		answer["error"] = err.Error()
	}
	number, _ := strconv.ParseUint(string(id), 10, 64) // digits alone
	data, _ := json.Marshal([]any{answer})
	packet := strconv.AppendUint([]byte{engineMessage, ioAck}, number, 10)
	s.say(l, c, append(packet, data...))
}

func (socketIO) say(l *line, c *client, packet []byte) {
	if l.write(packet) != nil {
		c.drop(closeNormal, "")
	}
}
