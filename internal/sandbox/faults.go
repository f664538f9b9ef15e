package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Switches are faults that can be switched on; zero is off. Those named …Next
// count down with each use.
type Switches struct {
	MapBlock         bool `json:"map_block"`           // the map takes everybody for a robot: /sorry/, 429
	MapBlockNext     int  `json:"map_block_next"`      // so many pages and replies
	MapFailNext      int  `json:"map_fail_next"`       // so many searches answer 500
	MapReplyFailNext int  `json:"map_reply_fail_next"` // so many replies of the feed answer 500; the next scroll asks again
	MapStallMS       int  `json:"map_stall_ms"`        // how much longer each reply of the feed takes
	MapBreakMarkup   bool `json:"map_break_markup"`    // pages show neither results nor a known text
	MapNoJSON        bool `json:"map_no_json"`         // arrays cannot be read: only cards and panels show places
	MapInlineFirst   bool `json:"map_inline_first"`    // the first results stand in the page, as does what would be their reply
	MapCaptcha       bool `json:"map_captcha"`         // pages ask who is there, in place and with status 200
	MapNoLabels      bool `json:"map_no_labels"`       // two of three businesses have lost their name and ids, in replies and on cards
	MapThin          bool `json:"map_thin"`            // replies and cards lack every third business's phone and website, which its own page shows
	MapNoNumbers     bool `json:"map_no_numbers"`      // replies lack phones and websites, which cards show
	MapNoEnd         bool `json:"map_no_end"`          // the feed does not say that it has ended
	MapBlockReplies  int  `json:"map_block_replies"`   // so many replies of the feed are refused: 429
	LimitedView      bool `json:"limited_view"`        // the map says that it shows a limited view, and tells no review counts

	HunterStatus      int `json:"hunter_status"`       // every answer, until it is switched off
	HunterFailNext    int `json:"hunter_fail_next"`    // so many answers are HunterFailWith
	HunterFailWith    int `json:"hunter_fail_status"`  // default 500
	HunterPendingNext int `json:"hunter_pending_next"` // so many verifications are still in progress: 202
	HunterDelayMS     int `json:"hunter_delay_ms"`
	HunterQuota       int `json:"hunter_quota"` // searches of the period; default 500

	ApifyStatus   int    `json:"apify_status"`      // every answer, until it is switched off
	ApifyFailNext int    `json:"apify_fail_next"`   // so many answers are ApifyFailWith
	ApifyFailWith int    `json:"apify_fail_status"` // default 500
	ApifyEndAs    string `json:"apify_end_as"`      // how runs end after their first items: FAILED, TIMED-OUT, ABORTED
	ApifyLate     bool   `json:"apify_late"`        // the last items are read only after the run has been seen to end
	ApifyEndless  bool   `json:"apify_endless"`     // runs find nothing more after their first items, and go on

	OverpassStatus   int  `json:"overpass_status"`      // every answer, until it is switched off
	OverpassFailNext int  `json:"overpass_fail_next"`   // so many answers are OverpassFailWith
	OverpassFailWith int  `json:"overpass_fail_status"` // default 504
	OverpassRemark   bool `json:"overpass_remark"`      // answers are cut short, and say so in a remark
	OverpassDelayMS  int  `json:"overpass_delay_ms"`
	NominatimStatus  int  `json:"nominatim_status"` // every answer, until it is switched off

	WebsiteFailNext int    `json:"website_fail_next"`   // so many answers are WebsiteFailWith
	WebsiteFailWith int    `json:"website_fail_status"` // default 503
	WebsiteFailHost string `json:"website_fail_host"`   // only this host; empty is every
	WebsiteDelayMS  int    `json:"website_delay_ms"`    // every website
	WebsiteSlowMS   int    `json:"website_slow_ms"`     // how long slow ones take, instead of Options.SlowBy
}

// Faults guards the switches.
type Faults struct {
	mu sync.Mutex
	s  Switches
}

// Set replaces all switches.
func (f *Faults) Set(s Switches) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.s = s
}

// Get tells how they stand, counters as far as they have come down.
func (f *Faults) Get() Switches {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.s
}

// use counts a switch down; false when it is off.
func (f *Faults) use(next func(*Switches) *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return countDown(next(&f.s))
}

func countDown(n *int) bool {
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

func (f *Faults) mapBlocks() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.s.MapBlock || countDown(&f.s.MapBlockNext)
}

func (f *Faults) websiteFails(host string) (status int, fails bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.s.WebsiteFailHost != "" && f.s.WebsiteFailHost != host || !countDown(&f.s.WebsiteFailNext) {
		return 0, false
	}
	return cmp.Or(f.s.WebsiteFailWith, http.StatusServiceUnavailable), true
}

func (f *Faults) hunterFails() (status int, fails bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.s.HunterStatus != 0:
		return f.s.HunterStatus, true
	case countDown(&f.s.HunterFailNext):
		return cmp.Or(f.s.HunterFailWith, http.StatusInternalServerError), true
	default:
		return 0, false
	}
}

// fails tells the status of an answer that one of the switches spoils.
func (f *Faults) fails(pick func(*Switches) (always int, next *int, with int)) (status int, fails bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	always, next, with := pick(&f.s)
	if always != 0 {
		return always, true
	}
	return with, countDown(next)
}

// serve shows the switches, and sets those that a PUT names; unknown names are refused.
func (f *Faults) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
		body.DisallowUnknownFields()
		if err := f.change(body.Decode); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	answerJSON(w, http.StatusOK, f.Get())
}

func (f *Faults) change(decode func(any) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := f.s
	if err := decode(&changed); err != nil {
		return err
	}
	f.s = changed
	return nil
}

// pause waits, unless whoever asks goes away.
func pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
