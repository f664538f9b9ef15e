package testenv

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Cut says what a Proxy does to a connection over which a request just came.
type Cut int

// What may happen to a request.
const (
	CutNothing Cut = iota
	CutRequest     // half of it is passed on, then the connection ends
	CutAnswer      // it is passed on and carried out; the connection ends in place of the answer
)

// Proxy stands between a client and a server and loses what it is told to lose.
type Proxy struct {
	listener net.Listener
	target   string
	onto     func(request []byte) Cut
	seen     func(answer []byte)

	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	closed  bool
	serving sync.WaitGroup
}

// NewProxy listens on a loopback port for clients of the target. Each piece of
// request, in general a whole one, is shown to judge before it is passed on;
// each piece of answer to seen, which may be nil.
func NewProxy(t testing.TB, target string, judge func(request []byte) Cut, seen func(answer []byte)) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	if seen == nil {
		seen = func([]byte) {}
	}
	p := &Proxy{listener: listener, target: target, onto: judge, seen: seen, conns: map[net.Conn]struct{}{}}
	p.serving.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is where clients connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.hold(client, server) {
			return
		}
		l := &link{proxy: p, client: client, server: server}
		p.serving.Go(l.requests)
		p.serving.Go(l.answers)
	}
}

func (p *Proxy) hold(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			_ = c.Close()
			continue
		}
		p.conns[c] = struct{}{}
	}
	return !p.closed
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

// link is one connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	mu     sync.Mutex
	silent bool // the next answer is lost
}

func (l *link) end() {
	_ = l.client.Close()
	_ = l.server.Close()
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	delete(l.proxy.conns, l.client)
	delete(l.proxy.conns, l.server)
}

func (l *link) requests() {
	defer l.end()
	l.pipe(l.client, func(request []byte) bool {
		switch l.proxy.onto(request) {
		case CutNothing:
		case CutRequest:
			_, _ = l.server.Write(request[:len(request)/2])
			return false
		case CutAnswer:
			l.mu.Lock()
			l.silent = true
			l.mu.Unlock()
			_, err := l.server.Write(request)
			if err == nil { // the other direction ends the link once the answer is there
				_, _ = io.Copy(io.Discard, l.client)
			}
			return false
		}
		_, err := l.server.Write(request)
		return err == nil
	})
}

func (l *link) answers() {
	defer l.end()
	l.pipe(l.server, func(answer []byte) bool {
		l.mu.Lock()
		silent := l.silent
		l.mu.Unlock()
		if silent {
			return false
		}
		l.proxy.seen(answer)
		_, err := l.client.Write(answer)
		return err == nil
	})
}

func (*link) pipe(from net.Conn, each func([]byte) bool) {
	buffer := make([]byte, 1<<20)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !each(buffer[:n]) || err != nil {
			return
		}
	}
}
