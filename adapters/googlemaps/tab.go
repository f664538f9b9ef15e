package googlemaps

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"
)

const openTabWithin = 10 * time.Second

// notFetched is what a page does not need to show its results. Images are
// left out by Chromium's own setting.
var notFetched = []string{
	"*.woff", "*.woff2", "*.ttf", "*.otf", "*.mp4", "*.webm", "*.mp3", "*.ogg",
	"*.woff?*", "*.woff2?*", "*.ttf?*", "*.otf?*", "*.mp4?*", "*.webm?*", "*.mp3?*", "*.ogg?*",
}

// tab is an empty page in a browser context of its own, which shares neither
// cookies nor cache with another.
type tab struct {
	page     *rod.Page // bound to the context that it was opened with
	close    func() error
	chromium *chromium
	rejected atomic.Bool // the proxy has refused the password
}

// refused tells that the proxy does not take its password.
func (t *tab) refused() bool {
	return t.rejected.Load() || t.chromium.relay != nil && t.chromium.relay.refused.Load()
}

// consentCookies remember the answer to the question for consent.
var consentCookies = map[string]bool{"SOCS": true, "CONSENT": true}

// keepConsent keeps the answer for the other contexts of this browser, so that
// the question is asked once a profile.
func (t *tab) keepConsent(page *rod.Page, site string) {
	cookies, err := page.Cookies([]string{site})
	if err != nil {
		return // the next search answers again
	}
	cookies = slices.DeleteFunc(cookies, func(c *proto.NetworkCookie) bool { return !consentCookies[c.Name] })
	t.chromium.mu.Lock()
	defer t.chromium.mu.Unlock()
	t.chromium.consent = proto.CookiesToParams(cookies)
}

func (c *chromium) consented() []*proto.NetworkCookieParam {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.consent
}

func (c *chromium) open(ctx context.Context, o browserOptions) (*tab, error) {
	opening, cancel := context.WithTimeout(ctx, openTabWithin)
	defer cancel()
	incognito, err := c.browser.Context(opening).Incognito()
	if err != nil {
		return nil, fmt.Errorf("opening a browser context: %w", err)
	}
	t := &tab{chromium: c, close: func() error { // with a context that lives: the search's may have ended
		closing, cancel := context.WithTimeout(context.Background(), closeWithin)
		defer cancel()
		return proto.TargetDisposeBrowserContext{BrowserContextID: incognito.BrowserContextID}.Call(c.browser.Context(closing))
	}}
	page, err := incognito.Page(proto.TargetCreateTarget{})
	if err == nil {
		t.page = page.Context(ctx)
		err = t.dress(page, c.agent, o)
	}
	if err != nil {
		_ = t.close() // the browser is replaced if it does not
		return nil, fmt.Errorf("opening a page: %w", err)
	}
	return t, nil
}

// dress makes the page look like an ordinary browser's, and fetch less.
func (t *tab) dress(page *rod.Page, agent string, o browserOptions) error {
	if err := page.SetUserAgent(&proto.NetworkSetUserAgentOverride{UserAgent: agent, AcceptLanguage: o.language + ",en;q=0.8"}); err != nil {
		return err
	}
	if err := (proto.NetworkEnable{}).Call(page); err != nil {
		return err
	}
	if cookies := t.chromium.consented(); len(cookies) > 0 {
		if err := page.SetCookies(cookies); err != nil {
			return err
		}
	}
	if err := (proto.NetworkSetBlockedURLs{Urls: notFetched}).Call(page); err != nil {
		return err
	}
	proxy, err := url.Parse(o.proxy)
	if err != nil || proxy.User == nil || t.chromium.relay != nil {
		return nil //nolint:nilerr // a proxy that is no URL has no password, and Chromium says what is wrong with it
	}
	return t.authenticate(page, proxy.User)
}

// authenticate answers the proxy's question for a password, for which every
// request has to be let through by hand.
func (t *tab) authenticate(page *rod.Page, user *url.Userinfo) error {
	if err := (proto.FetchEnable{HandleAuthRequests: true}).Call(page); err != nil {
		return err
	}
	password, _ := user.Password()
	asked := map[proto.FetchRequestID]bool{}
	wait := t.page.EachEvent(func(e *proto.FetchRequestPaused) {
		go func() { _ = proto.FetchContinueRequest{RequestID: e.RequestID}.Call(t.page) }() // a request that is gone needs none
	}, func(e *proto.FetchAuthRequired) {
		answer := &proto.FetchAuthChallengeResponse{Response: proto.FetchAuthChallengeResponseResponseCancelAuth}
		// A password that is refused is not tried for ever.
		if e.AuthChallenge.Source == proto.FetchAuthChallengeSourceProxy && !asked[e.RequestID] {
			asked[e.RequestID] = true
			answer = &proto.FetchAuthChallengeResponse{
				Response: proto.FetchAuthChallengeResponseResponseProvideCredentials, Username: user.Username(), Password: password,
			}
		}
		t.rejected.Store(answer.Response == proto.FetchAuthChallengeResponseResponseCancelAuth)
		go func() {
			_ = proto.FetchContinueWithAuth{RequestID: e.RequestID, AuthChallengeResponse: answer}.Call(t.page)
		}()
	})
	go wait()
	return nil
}
