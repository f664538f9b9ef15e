package googlemaps

import (
	"context"
	"errors"
	"fmt"

	"leadstream/domain/fault"
)

const (
	// oneSearch is the most places that one search gives (about 120), and
	// fullSearch from how many cards on it may have been cut off.
	oneSearch  = 120
	fullSearch = 100
	maxTiles   = 200
	maxDepth   = 7 // of tiles cut in four
	maxFailed  = 3 // tiles
)

// searchTiles searches the area in parts, when one search may not have told of
// all places in it. A part that is full itself is cut in four.
func (v *visit) searchTiles(ctx context.Context) error {
	full := v.cards >= fullSearch
	if v.enough() || !full && v.query.MaxResults <= oneSearch {
		return nil
	}
	a, known := v.searched()
	if !known {
		return nil
	}
	line := a.tiles(2)
	v.see.Note("info", fmt.Sprintf("%d places so far: searching the area in parts", v.told.count))
	searched, failed := 0, 0
	for ; len(line) > 0 && searched < maxTiles && !v.enough(); searched++ {
		t := line[0]
		line = line[1:]
		err := v.searchTile(ctx, t)
		switch {
		case err == nil && v.crowded(t):
			line = append(line, a.cut(t, 2)...)
		case err == nil:
		case v.own || ctx.Err() != nil || fault.Is(err, fault.Postponed) || errors.Is(err, errProxyRefused):
			return err
		default:
			if failed++; failed == maxFailed {
				return v.tilesFailed(full, err)
			}
			line = append(line, t)
		}
	}
	v.see.Note("info", fmt.Sprintf("%d places after %d searches of parts of the area", v.told.count, searched))
	if len(line) > 0 && !v.enough() {
		v.see.Note("warn", fmt.Sprintf("gave up after %d searches of parts of the area: there may be more places", searched))
	}
	return nil
}

// crowded tells that a tile may hold more than its search gave: the list was
// full, and a good part of it lies in the tile. Where there is little, the site
// fills the list from around it.
func (v *visit) crowded(t tile) bool {
	if v.cards < fullSearch || t.depth >= maxDepth {
		return false
	}
	inside := 0
	for _, p := range v.inFeed {
		if t.holds(p) {
			inside++
		}
	}
	return 3*inside > len(v.inFeed)
}

// tilesFailed fails the search, unless the whole area was searched completely
// and parts were only to find a little more.
func (v *visit) tilesFailed(needed bool, err error) error {
	if needed {
		return err
	}
	v.see.Note("warn", "searching parts of the area: "+err.Error())
	return nil
}

// searched is the area, or one around what was found.
func (v *visit) searched() (*area, bool) {
	if v.area != nil {
		return v.area, true
	}
	middle, known := centroid(v.points)
	if !known || v.query.RadiusKM <= 0 {
		return nil, false
	}
	return &area{centre: middle, metres: v.query.RadiusKM * 1000}, true
}

func (v *visit) searchTile(ctx context.Context, t tile) error {
	state, err := v.open(ctx, v.source.tileURL(v.query, t), v.source.openWithin)
	if err != nil {
		return err
	}
	return v.read(ctx, state)
}
