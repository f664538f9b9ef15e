package sandbox

import (
	"maps"
	"sync"
)

// Stats is how often something was asked for. Kinds are website, robots,
// consent, map_search, map_reply, map_place, map_image, map_sorry, hunter and
// hunter_ with the endpoint's name, as hunter_domain_search; apify_start,
// apify_run, apify_items, apify_abort; overpass, overpass_crowd for two at once,
// nominatim, nominatim_hasty for two within a second.
type Stats struct {
	Hosts map[string]int `json:"hosts"`
	Kinds map[string]int `json:"kinds"`
}

// counter counts requests.
type counter struct {
	mu    sync.Mutex
	stats Stats
}

func newCounter() *counter {
	return &counter{stats: Stats{Hosts: map[string]int{}, Kinds: map[string]int{}}}
}

func (c *counter) count(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Kinds[kind]++
}

func (c *counter) countHost(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Hosts[host]++
}

// Stats tells what was asked for until now.
func (c *counter) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Hosts: maps.Clone(c.stats.Hosts), Kinds: maps.Clone(c.stats.Kinds)}
}
