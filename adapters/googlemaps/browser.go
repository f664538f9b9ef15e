package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/launcher/flags"
	"github.com/go-rod/rod/lib/proto"
)

const (
	// searchesPerBrowser is after how many searches a Chromium is replaced,
	// since its memory only grows.
	searchesPerBrowser = 50
	closeWithin        = 5 * time.Second
	profilePrefix      = "profile-"
)

// errNoBrowser says how to come by one.
var errNoBrowser = errors.New("no Chromium found: install it (apt install chromium, brew install chromium, dnf install chromium) or set CHROMIUM_PATH")

// browserOptions is how Chromium is started.
type browserOptions struct {
	path          string // empty finds one
	proxy         string
	resolverRules string
	folder        string // profiles are made in it
	log           *slog.Logger
}

func (o browserOptions) binary() (string, error) {
	if o.path != "" {
		if _, err := os.Stat(o.path); err != nil {
			return "", fmt.Errorf("CHROMIUM_PATH: %w", err)
		}
		return o.path, nil
	}
	if path, found := launcher.LookPath(); found {
		return path, nil
	}
	return "", errNoBrowser
}

// browsers hands out pages of one Chromium at a time.
type browsers struct {
	options browserOptions
	mu      sync.Mutex
	current *chromium
	closed  bool
}

// chromium is one running browser, replaced when its searches are used up and
// ended when none of them runs any more.
type chromium struct {
	browser  *rod.Browser
	launcher *launcher.Launcher
	profile  string
	agent    string
	searches int
	users    int
	retired  bool
}

// page opens an empty page in a context of its own; done closes it whatever
// became of ctx.
func (b *browsers) page(ctx context.Context) (page *rod.Page, done func(), err error) {
	c, err := b.acquire()
	if err != nil {
		return nil, nil, err
	}
	incognito, err := c.browser.Incognito()
	if err != nil {
		b.release(c, true)
		return nil, nil, fmt.Errorf("opening a browser context: %w", err)
	}
	closeContext := func() error {
		closing, cancel := context.WithTimeout(context.Background(), closeWithin)
		defer cancel()
		return proto.TargetDisposeBrowserContext{BrowserContextID: incognito.BrowserContextID}.Call(c.browser.Context(closing))
	}
	page, err = incognito.Context(ctx).Page(proto.TargetCreateTarget{})
	if err != nil {
		b.release(c, closeContext() != nil)
		return nil, nil, fmt.Errorf("opening a page: %w", err)
	}
	return page, func() { b.release(c, closeContext() != nil) }, nil
}

func (b *browsers) acquire() (*chromium, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errors.New("browser is closed")
	}
	if b.current == nil {
		c, err := start(b.options)
		if err != nil {
			return nil, err
		}
		b.current = c
	}
	c := b.current
	c.users++
	if c.searches++; c.searches >= searchesPerBrowser {
		c.retired, b.current = true, nil
	}
	return c, nil
}

// release gives a browser back; a broken one is not used again.
func (b *browsers) release(c *chromium, broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.users--
	if broken && !c.retired {
		b.options.log.Warn("browser does not answer and is replaced")
		c.retired = true
		if b.current == c {
			b.current = nil
		}
	}
	if c.retired && c.users == 0 {
		c.end()
	}
}

// agent is the user agent that the current browser shows.
func (b *browsers) agent() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current == nil {
		return ""
	}
	return b.current.agent
}

func (b *browsers) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.current != nil {
		b.current.end()
		b.current = nil
	}
}

func start(o browserOptions) (*chromium, error) {
	binary, err := o.binary()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return nil, fmt.Errorf("creating the browser's folder: %w", err)
	}
	profile, err := os.MkdirTemp(o.folder, profilePrefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, fmt.Errorf("creating a browser profile: %w", err)
	}
	c := &chromium{profile: profile, launcher: newLauncher(o, binary, profile)}
	address, err := c.launcher.Launch()
	if err != nil {
		c.end()
		return nil, fmt.Errorf("starting Chromium: %w", err)
	}
	c.browser = rod.New().ControlURL(address).NoDefaultDevice()
	if err := c.browser.Connect(); err != nil {
		c.end()
		return nil, fmt.Errorf("connecting to Chromium: %w", err)
	}
	version, err := c.browser.Version()
	if err != nil {
		c.end()
		return nil, fmt.Errorf("asking Chromium for its version: %w", err)
	}
	c.agent = strings.ReplaceAll(version.UserAgent, "Headless", "")
	return c, nil
}

// newLauncher starts Chromium so that it talks to nobody but the site, and
// dies with this process (leakless) even when that is killed.
func newLauncher(o browserOptions, binary, profile string) *launcher.Launcher {
	l := launcher.New().Bin(binary).UserDataDir(profile).Headless(true).Leakless(true).NoSandbox(os.Geteuid() == 0).
		Set("disable-quic").Set("no-first-run").Set("disable-background-networking").Set("disable-component-update").
		Set("disable-sync").Set("disable-gpu").Set("disable-dev-shm-usage").Set("mute-audio").
		Set("blink-settings", "imagesEnabled=false").Set(flags.Flag("window-size"), "1280,1024")
	if o.resolverRules != "" {
		l = l.Set("host-resolver-rules", o.resolverRules)
	}
	if proxy, err := url.Parse(o.proxy); err == nil && o.proxy != "" {
		l = l.Proxy(proxy.Scheme + "://" + proxy.Host)
	}
	return l
}

// end closes the browser, kills what does not close, and removes its profile.
func (c *chromium) end() {
	if c.browser != nil {
		closing, cancel := context.WithTimeout(context.Background(), closeWithin)
		defer cancel()
		_ = c.browser.Context(closing).Close() // killed next if it does not
	}
	c.launcher.Kill()
	_ = os.RemoveAll(c.profile)
	// Its processes may write a last file while they end.
	for range 20 {
		if _, err := os.Stat(c.profile); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
		_ = os.RemoveAll(c.profile)
	}
}

// sweep removes profiles of processes that are gone.
func sweep(folder string) {
	profiles, _ := filepath.Glob(filepath.Join(folder, profilePrefix+"*"))
	for _, profile := range profiles {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(profile), profilePrefix), "-")
		n, err := strconv.Atoi(pid)
		if err == nil && n != os.Getpid() && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			_ = os.RemoveAll(profile)
		}
	}
}
