package googlemaps

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"
)

// replies listens to what a page fetches, and keeps the search replies.
type replies struct {
	page *rod.Page
	came chan struct{} // has one token when a reply has come

	mu       sync.Mutex
	bodies   [][]byte
	expected map[proto.NetworkRequestID]bool
	document int    // status of the newest document
	blocked  bool   // a reply was the site's refusal of robots
	problem  string // what was wrong with the newest reply
}

// listen begins to listen; it ends with ctx. Crashed is called when the page
// or its browser dies before.
func listen(ctx context.Context, page *rod.Page, crashed func()) *replies {
	page = page.Context(ctx)
	r := &replies{page: page, came: make(chan struct{}, 1), expected: map[proto.NetworkRequestID]bool{}}
	wait := page.EachEvent(r.sent, r.responded, r.finished, r.failed, func(*proto.InspectorTargetCrashed) (stop bool) { return true })
	go func() {
		wait() // also over when the connection is
		crashed()
	}()
	return r
}

// searchReply tells the requests whose replies hold places.
func searchReply(url string) bool {
	return strings.Contains(url, "/search?") && strings.Contains(url, "tbm=map")
}

func (r *replies) sent(e *proto.NetworkRequestWillBeSent) {
	if searchReply(e.Request.URL) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.expected[e.RequestID] = true
	}
}

func (r *replies) responded(e *proto.NetworkResponseReceived) {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := e.Response.Status
	switch {
	case e.Type == proto.NetworkResourceTypeDocument && e.FrameID == r.page.FrameID:
		r.document = status
	case !r.expected[e.RequestID]:
	case status == http.StatusTooManyRequests || strings.Contains(e.Response.URL, blockedPath):
		r.blocked = true
	case status >= http.StatusBadRequest:
		r.problem = "the map site answered " + strconv.Itoa(status)
	default:
		r.problem = ""
	}
}

// finished fetches a reply's body. It must not be done on the events' own
// goroutine, on which the answer would have to arrive.
func (r *replies) finished(e *proto.NetworkLoadingFinished) {
	r.mu.Lock()
	wanted := r.expected[e.RequestID]
	r.mu.Unlock()
	if !wanted {
		return
	}
	go func() {
		answer, err := proto.NetworkGetResponseBody{RequestID: e.RequestID}.Call(r.page)
		if err != nil {
			r.done(e.RequestID, nil)
			return
		}
		body := []byte(answer.Body)
		if answer.Base64Encoded {
			body, _ = base64.StdEncoding.DecodeString(answer.Body) // the browser's own
		}
		r.done(e.RequestID, body)
	}()
}

func (r *replies) failed(e *proto.NetworkLoadingFailed) {
	r.mu.Lock()
	if r.expected[e.RequestID] && !e.Canceled {
		r.problem = e.ErrorText
	}
	r.mu.Unlock()
	r.done(e.RequestID, nil)
}

func (r *replies) done(id proto.NetworkRequestID, body []byte) {
	r.mu.Lock()
	if !r.expected[id] { // of a page that was left
		body = nil
	}
	delete(r.expected, id)
	if body != nil {
		r.bodies = append(r.bodies, body)
	}
	r.mu.Unlock()
	if body != nil {
		select {
		case r.came <- struct{}{}:
		default:
		}
	}
}

// reset forgets the page before, whose requests end with it.
func (r *replies) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies, r.document, r.blocked, r.problem = nil, 0, false, ""
	clear(r.expected)
}

// take answers the bodies that have come since the last call.
func (r *replies) take() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	bodies := r.bodies
	r.bodies = nil
	return bodies
}

// pending is how many replies are on their way.
func (r *replies) pending() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.expected) + len(r.bodies)
}

// documentStatus is that of the newest page, 0 before there is one.
func (r *replies) documentStatus() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.document
}

// refused tells whether the site took the page's own requests for a robot's.
func (r *replies) refused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.blocked
}

// trouble is what was wrong with the newest reply, empty when nothing was.
func (r *replies) trouble() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.problem
}

// wait waits for the next reply, at most that long.
func (r *replies) wait(ctx context.Context, atMost time.Duration) error {
	select {
	case <-r.came:
		return nil
	case <-time.After(atMost):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
