package sandbox

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Switches are faults that can be switched on; zero is off. Those named …Next
// count down with each use.
type Switches struct {
	MapBlock       bool `json:"map_block"`        // every search is taken for a robot's
	MapFailNext    int  `json:"map_fail_next"`    // so many searches answer 500
	MapStallMS     int  `json:"map_stall_ms"`     // how long each reply of the feed waits
	MapBreakMarkup bool `json:"map_break_markup"` // pages show neither results nor a known text
	MapNoJSON      bool `json:"map_no_json"`      // replies of the feed cannot be read: only cards show places
	LimitedView    bool `json:"limited_view"`     // the map says that it shows a limited view

	HunterStatus   int `json:"hunter_status"`      // every answer, until it is switched off
	HunterFailNext int `json:"hunter_fail_next"`   // so many answers are HunterFailWith
	HunterFailWith int `json:"hunter_fail_status"` // default 500
	HunterDelayMS  int `json:"hunter_delay_ms"`

	WebsiteFailNext int    `json:"website_fail_next"`   // so many answers are WebsiteFailWith
	WebsiteFailWith int    `json:"website_fail_status"` // default 503
	WebsiteFailHost string `json:"website_fail_host"`   // only this host; empty is every
	WebsiteDelayMS  int    `json:"website_delay_ms"`
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

// Get tells how they stand.
func (f *Faults) Get() Switches {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.s
}

// use counts a switch down; false when it is off.
func (f *Faults) use(next func(*Switches) *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := next(&f.s)
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

func (f *Faults) websiteFails(host string) (status int, fails bool) {
	s := f.Get()
	if s.WebsiteFailHost != "" && s.WebsiteFailHost != host {
		return 0, false
	}
	if !f.use(func(s *Switches) *int { return &s.WebsiteFailNext }) {
		return 0, false
	}
	return orDefault(s.WebsiteFailWith, http.StatusServiceUnavailable), true
}

func (f *Faults) hunterFails() (status int, fails bool) {
	s := f.Get()
	if s.HunterStatus != 0 {
		return s.HunterStatus, true
	}
	if !f.use(func(s *Switches) *int { return &s.HunterFailNext }) {
		return 0, false
	}
	return orDefault(s.HunterFailWith, http.StatusInternalServerError), true
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// serve shows the switches, and sets those that a PUT names.
func (f *Faults) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		s := f.Get()
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&s); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.Set(s)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(f.Get()) // a client that is gone needs no answer
}

func pause(r *http.Request, ms int) {
	if ms <= 0 {
		return
	}
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
	case <-r.Context().Done():
	}
}
