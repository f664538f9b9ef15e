package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"
)

const (
	startWithin = 30 * time.Second
	closeWithin = 5 * time.Second
)

// errNoBrowser says how to come by one.
var errNoBrowser = errors.New("no Chromium found: install it (apt install chromium, brew install chromium, dnf install chromium) or set CHROMIUM_PATH")

// chromium is one process with its profile. What stands after ready is set
// when ready is closed; the counts belong to browsers.
type chromium struct {
	ready    chan struct{}
	err      error // why it is not up
	browser  *rod.Browser
	launcher *launcher.Launcher
	profile  *profile
	agent    string // the user agent that its tabs show
	relay    *relay // to a proxy whose password Chromium cannot say itself

	mu      sync.Mutex
	consent []*proto.NetworkCookieParam // the answer that one of its contexts was given

	searches int
	users    int
	retired  bool
	idle     *time.Timer // ends it when nobody has used it for a while
}

// start begins to start a Chromium.
func start(o browserOptions) *chromium {
	c := &chromium{ready: make(chan struct{})}
	go func() {
		defer close(c.ready)
		c.err = c.launch(o)
	}()
	return c
}

func (c *chromium) launch(o browserOptions) (err error) {
	binary, err := o.binary()
	if err != nil {
		return err
	}
	if c.profile, err = newProfile(o.folder); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	proxy, err := c.proxy(o.proxy)
	if err != nil {
		return err
	}
	c.launcher = newLauncher(o, binary, c.profile.path, proxy).Context(ctx)
	address, err := c.launcher.Launch()
	if err != nil {
		return fmt.Errorf("starting Chromium: %w", err)
	}
	c.browser = rod.New().ControlURL(address).NoDefaultDevice()
	if err := c.browser.Connect(); err != nil {
		return fmt.Errorf("connecting to Chromium: %w", err)
	}
	version, err := c.browser.Context(ctx).Version()
	if err != nil {
		return fmt.Errorf("asking Chromium for its version: %w", err)
	}
	c.agent = strings.ReplaceAll(version.UserAgent, "Headless", "")
	return nil
}

// proxy is what Chromium is told: the proxy without its password, or a relay
// that says the password where Chromium cannot.
func (c *chromium) proxy(setting string) (string, error) {
	proxy, err := url.Parse(setting)
	if err != nil || setting == "" {
		return "", nil //nolint:nilerr // the settings are checked where they are read
	}
	if proxy.User == nil || proxy.Scheme != "socks5" && proxy.Scheme != "socks5h" {
		return strings.Replace(proxy.Scheme, "socks5h", "socks5", 1) + "://" + proxy.Host, nil
	}
	if c.relay, err = newRelay(proxy); err != nil {
		return "", err
	}
	return c.relay.address(), nil
}

func (o browserOptions) binary() (string, error) {
	if o.path != "" {
		if _, err := os.Stat(o.path); err != nil {
			return "", fmt.Errorf("%w: %w", errNoBrowser, err)
		}
		return o.path, nil
	}
	if path, found := launcher.LookPath(); found {
		return path, nil
	}
	return "", errNoBrowser
}

// newLauncher starts Chromium so that it talks to nobody but the site, and
// dies with this process (leakless) even when that is killed. In a container
// rod leaves Chromium's sandbox out by itself.
func newLauncher(o browserOptions, binary, profile, proxy string) *launcher.Launcher {
	l := launcher.New().Bin(binary).UserDataDir(profile).Headless(true).Leakless(true).
		Set("disable-quic").Set("no-first-run").Set("disable-background-networking").Set("disable-component-update").
		Set("disable-sync").Set("disable-gpu").Set("disable-dev-shm-usage").Set("mute-audio").
		Set("blink-settings", "imagesEnabled=false").Set("window-size", "1280,1024")
	if os.Geteuid() == 0 {
		l = l.NoSandbox(true)
	}
	if o.resolverRules != "" {
		l = l.Set("host-resolver-rules", o.resolverRules)
	}
	if proxy != "" {
		l = l.Proxy(proxy)
	}
	return spare(l)
}

// spare leaves out what a browser without a person needs not: pages kept for
// the way back, the pages behind its own address bar, which are a process
// each, and processes of their own for services that are small.
func spare(l *launcher.Launcher) *launcher.Launcher {
	return l.Set("in-process-gpu").Set("disable-software-rasterizer").Set("disable-extensions").
		Set("disable-features", "site-per-process", "TranslateUI", "BackForwardCache", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup").
		Set("enable-features", "NetworkServiceInProcess2")
}

// end closes the browser, kills what does not close, and removes its profile.
// A launch that fails leaves no process behind.
func (c *chromium) end() {
	<-c.ready
	if c.browser != nil {
		closing, cancel := context.WithTimeout(context.Background(), closeWithin)
		defer cancel()
		_ = c.browser.Context(closing).Close()               // killed next if it does not
		_ = syscall.Kill(-c.launcher.PID(), syscall.SIGKILL) // the group, of which it is the leader
		c.launcher.Cleanup()                                 // waits for its end
	}
	if c.relay != nil {
		c.relay.close()
	}
	if c.profile != nil {
		c.profile.remove()
	}
}
