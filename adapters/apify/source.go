package apify

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"leadstream/app"
	"leadstream/domain/fault"
)

// Options is what the source needs.
type Options struct {
	HTTP     *http.Client // that follows no redirects, which would take the token along
	BaseURL  string       // https://api.apify.com
	Token    string       // empty: no search can succeed
	Language string       // of the places, default en
	// PollFirst is the wait before a run is first looked at again, default 2 s;
	// it grows to PollMost, default 15 s, while nothing new is found.
	PollFirst, PollMost time.Duration
	Now                 app.Clock    // default time.Now
	Logger              *slog.Logger // default none
}

// Source is an app.Source. Safe for concurrent use.
type Source struct {
	client   *client
	language string
	first    time.Duration
	most     time.Duration
	now      app.Clock
	log      *slog.Logger
}

var _ app.UsableSource = (*Source)(nil)

// New makes a source.
func New(o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Source{
		client: newClient(o), language: cmp.Or(o.Language, "en"), now: o.Now, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
		first: cmp.Or(o.PollFirst, 2*time.Second), most: cmp.Or(o.PollMost, 15*time.Second),
	}
}

// Usable is Invalid without a token.
func (s *Source) Usable() error {
	if s.client.token == "" {
		return fault.Invalidf("apify needs APIFY_TOKEN, a token from the account's settings at apify.com")
	}
	return nil
}

// startWithin bounds the start of a run, also of one that nobody wants any more.
const startWithin = 30 * time.Second

// Search runs the actor and tells of each place once. The query's radius is
// not honoured: the actor searches the place by its own bounds.
func (s *Source) Search(ctx context.Context, q app.SearchQuery, see app.Sightings) error {
	if err := s.Usable(); err != nil {
		return err
	}
	see.Reached(app.SearchReady)
	started, err := s.start(ctx, q)
	if err != nil {
		return err
	}
	w := &watch{source: s, run: started, query: q, see: see, seen: map[string]bool{}}
	defer w.end(ctx)
	see.Note("info", "apify runs the search as "+started.ID+", within its own bounds of the place")
	see.Reached(app.SearchStarted)
	return w.follow(ctx)
}

// start starts a run. It outlives a cancelled job until Apify has answered, so
// that no run is left which nobody knows to abort.
func (s *Source) start(ctx context.Context, q app.SearchQuery) (run, error) {
	if err := ctx.Err(); err != nil {
		return run{}, err
	}
	var lasting time.Duration
	if deadline, has := ctx.Deadline(); has {
		lasting = time.Until(deadline)
	}
	starting, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin)
	defer cancel()
	started, err := s.client.start(starting, input{
		Searches: []string{cmp.Or(q.BusinessType, "businesses")}, Location: q.Location, MaxPlaces: q.MaxResults, Language: s.language,
	}, lasting)
	if errors.Is(err, context.DeadlineExceeded) {
		return run{}, fault.Transientf("starting a run: apify did not answer within %s", startWithin)
	}
	return started, err
}
