package googlemaps

import "time"

// Hurry shortens how long a page and a feed are given.
func (s *Source) Hurry(open, feed time.Duration) { s.openWithin, s.feedPatience = open, feed }

// ReplaceBrowserAfter sets how many searches a browser has.
func (s *Source) ReplaceBrowserAfter(n int) { s.browsers.options.searches = n }

// EndIdleAfter sets how long an unused browser lives.
func (s *Source) EndIdleAfter(d time.Duration) { s.browsers.options.idle = d }
