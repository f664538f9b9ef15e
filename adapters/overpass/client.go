package overpass

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"leadstream/domain/fault"
	"leadstream/internal/outbound"
)

// The two services.
const (
	nominatim = "nominatim"
	overpass  = "overpass"
)

const (
	maxAnswer = 32 << 20
	// rememberedPlaces bounds how many look-ups are kept.
	rememberedPlaces = 1000
)

// client asks Nominatim and Overpass, politely.
type client struct {
	http      *http.Client
	nominatim string
	overpass  string
	userAgent string
	polite    map[string]*outbound.Courtesy // by service

	hurry *rate.Limiter // of Nominatim
	turn  chan struct{} // holds whoever asks Overpass

	mu     sync.Mutex
	places map[string]centre
}

// centre is where a search is around.
type centre struct {
	Lat, Lon float64
	Country  string // ISO 3166, upper case; empty when unknown
	Name     string // in full
}

func newClient(o Options) *client {
	return &client{
		http: o.HTTP, nominatim: strings.TrimRight(o.NominatimURL, "/"), overpass: o.OverpassURL, userAgent: o.UserAgent,
		polite: map[string]*outbound.Courtesy{nominatim: outbound.NewCourtesy(o.Now), overpass: outbound.NewCourtesy(o.Now)},
		hurry:  rate.NewLimiter(rate.Every(o.NominatimEvery), 1), turn: make(chan struct{}, 1), places: map[string]centre{},
	}
}

// locate looks a place up, once for each name; NotFound when there is none.
func (c *client) locate(ctx context.Context, place string) (centre, error) {
	key := strings.ToLower(strings.Join(strings.Fields(place), " "))
	if known, ok := c.recall(key); ok {
		return known, nil
	}
	if err := c.hurry.Wait(ctx); err != nil {
		// Beside an ended context, the one reason not to wait is that it would end first.
		return centre{}, fmt.Errorf("waiting to ask nominatim: %w", cmp.Or(ctx.Err(), context.DeadlineExceeded))
	}
	if known, ok := c.recall(key); ok { // looked up by another search meanwhile
		return known, nil
	}
	query := url.Values{"q": {place}, "format": {"jsonv2"}, "limit": {"1"}, "addressdetails": {"1"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.nominatim+"/search?"+query.Encode(), nil)
	if err != nil {
		return centre{}, fmt.Errorf("making the request: %w", err)
	}
	var found []struct {
		Lat     float64 `json:"lat,string"`
		Lon     float64 `json:"lon,string"`
		Name    string  `json:"display_name"`
		Address struct {
			Country string `json:"country_code"`
		} `json:"address"`
	}
	if err := c.ask(request, nominatim, &found); err != nil {
		return centre{}, err
	}
	if len(found) == 0 {
		return centre{}, fault.NotFoundf("OpenStreetMap knows no place called %q", place)
	}
	at := centre{found[0].Lat, found[0].Lon, strings.ToUpper(found[0].Address.Country), found[0].Name}
	c.remember(key, at)
	return at, nil
}

func (c *client) recall(key string) (centre, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.places[key]
	return at, ok
}

func (c *client) remember(key string, at centre) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.places) >= rememberedPlaces {
		clear(c.places)
	}
	c.places[key] = at
}

// answer is what is used of Overpass's.
type answer struct {
	Elements []element `json:"elements"`
	Remark   string    `json:"remark"` // of what went wrong after the answer had begun
}

// element is a node, or a way or relation with its centre.
type element struct {
	Type   string            `json:"type"`
	ID     int64             `json:"id"`
	Lat    *float64          `json:"lat"`
	Lon    *float64          `json:"lon"`
	Center *point            `json:"center"`
	Tags   map[string]string `json:"tags"`
}

type point struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// query asks Overpass when no other search does.
func (c *client) query(ctx context.Context, ql string) (answer, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
	defer func() { <-c.turn }()
	form := strings.NewReader(url.Values{"data": {ql}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.overpass, form)
	if err != nil {
		return answer{}, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var a answer
	return a, c.ask(request, overpass, &a)
}

func (c *client) ask(request *http.Request, who string, into any) error {
	if until, held := c.polite[who].Holds(); held {
		return slower(who, until)
	}
	request.Header.Set("User-Agent", c.userAgent)
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return lost(request.Context(), "reaching "+who, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // for the connection's sake
		return c.refused(who, response)
	}
	body, err := outbound.ReadCapped(response.Body, maxAnswer)
	switch {
	case errors.Is(err, outbound.ErrTooLarge):
		return fault.Invalidf("%s found more than can be read: make the radius smaller", who)
	case err != nil:
		return lost(request.Context(), "reading the answer of "+who, err)
	}
	c.polite[who].Answered()
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Transientf("%s did not answer in JSON", who)
	}
	return nil
}

func slower(who string, until time.Time) error {
	return fault.Postpone(until, who+": asked to slow down")
}

func lost(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fault.Transientf(doing+": %w", err)
}

func (c *client) refused(who string, response *http.Response) error {
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		return slower(who, c.polite[who].Refused(response.Header))
	case status >= http.StatusInternalServerError:
		return fault.Transientf("%s answered %d", who, status)
	case status == http.StatusForbidden:
		return fault.Conflictf("%s refuses to answer this installation (403)", who)
	default:
		return fmt.Errorf("%s refused the request with %d", who, status)
	}
}
