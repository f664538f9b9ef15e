package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
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

	searches int
	users    int
	retired  bool
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
	c.launcher = newLauncher(o, binary, c.profile.path).Context(ctx)
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
func newLauncher(o browserOptions, binary, profile string) *launcher.Launcher {
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
	if proxy, err := url.Parse(o.proxy); err == nil && o.proxy != "" {
		l = l.Proxy(proxy.Scheme + "://" + proxy.Host)
	}
	return l
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
	if c.profile != nil {
		c.profile.remove()
	}
}
