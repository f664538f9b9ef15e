package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	socksVersion   = 5
	withoutAuth    = 0
	withPassword   = 2
	passwordFormat = 1 // version of RFC 1929
	handshakeTime  = 20 * time.Second
)

var errRefused = errors.New("the proxy refuses its user name or password")

// relay lets Chromium, which knows no passwords for SOCKS, through a SOCKS5
// proxy that wants one (RFC 1928, 1929): it listens on the loopback address,
// says the password, and hands everything else on as it is.
type relay struct {
	listener net.Listener
	proxy    string // host and port
	user     *url.Userinfo
	refused  atomic.Bool // the newest answer to the password
	ctx      context.Context
	cancel   context.CancelFunc
	serving  sync.WaitGroup
}

func newRelay(proxy *url.URL) (*relay, error) {
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		cancel()
		return nil, fmt.Errorf("listening for the browser: %w", err)
	}
	host := proxy.Host
	if proxy.Port() == "" {
		host = net.JoinHostPort(proxy.Hostname(), "1080")
	}
	r := &relay{listener: listener, proxy: host, user: proxy.User, ctx: ctx, cancel: cancel}
	r.serving.Go(r.serve)
	return r, nil
}

// address is what Chromium takes for its proxy.
func (r *relay) address() string { return "socks5://" + r.listener.Addr().String() }

func (r *relay) serve() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.serving.Go(func() { r.pass(conn) })
	}
}

// close ends every connection, and waits for it.
func (r *relay) close() {
	r.cancel()
	_ = r.listener.Close()
	r.serving.Wait()
}

func (r *relay) pass(browser net.Conn) {
	defer func() { _ = browser.Close() }()
	stop := context.AfterFunc(r.ctx, func() { _ = browser.Close() })
	defer stop()
	_ = browser.SetDeadline(time.Now().Add(handshakeTime))
	if err := greeted(browser); err != nil {
		return
	}
	proxy, err := r.dial()
	r.refused.Store(errors.Is(err, errRefused))
	if err != nil {
		return
	}
	defer func() { _ = proxy.Close() }()
	stopProxy := context.AfterFunc(r.ctx, func() { _ = proxy.Close() })
	defer stopProxy()
	if _, err := browser.Write([]byte{socksVersion, withoutAuth}); err != nil {
		return
	}
	_ = errors.Join(browser.SetDeadline(time.Time{}), proxy.SetDeadline(time.Time{}))
	both(browser, proxy)
}

// greeted reads the browser's greeting, which offers to go without a password.
func greeted(browser io.Reader) error {
	head := make([]byte, 2)
	if _, err := io.ReadFull(browser, head); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, browser, int64(head[1]))
	return err
}

// dial connects to the proxy and says the password.
func (r *relay) dial() (conn net.Conn, err error) {
	if conn, err = (&net.Dialer{Timeout: handshakeTime}).DialContext(r.ctx, "tcp", r.proxy); err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(handshakeTime))
	if err := r.authenticate(conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (r *relay) authenticate(proxy io.ReadWriter) error {
	method, err := ask(proxy, []byte{socksVersion, 2, withoutAuth, withPassword})
	switch {
	case err != nil:
		return err
	case method == withoutAuth:
		return nil
	case method != withPassword:
		return errRefused
	}
	password, _ := r.user.Password()
	answer, err := ask(proxy, credentials(r.user.Username(), password))
	if err == nil && answer != 0 {
		return errRefused
	}
	return err
}

func credentials(user, password string) []byte {
	line := append([]byte{passwordFormat, byte(len(user))}, user...)
	return append(append(line, byte(len(password))), password...)
}

// ask answers the second byte of the proxy's two.
func ask(proxy io.ReadWriter, question []byte) (byte, error) {
	if _, err := proxy.Write(question); err != nil {
		return 0, err
	}
	answer := make([]byte, 2)
	_, err := io.ReadFull(proxy, answer)
	return answer[1], err
}

// both copies in both directions, until each has ended.
func both(a, b net.Conn) {
	var copying sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		copying.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			if half, ok := pair[0].(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
		})
	}
	copying.Wait()
}
