package jobstore

import (
	"cmp"
	"context"
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"

	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/job"
)

// scanPage is how many jobs are looked at in one round trip when a filter
// has no listing of its own.
const scanPage = 200

// position is where a page ended: the score and id of its last job.
type position struct {
	score float64
	id    string
}

// ref is a job's place in a listing over several queues.
type ref struct {
	workqueue.Ref
	topic string
}

// Jobs lists jobs, newest first; failed, completed and cancelled ones by when
// they finished. Jobs that come or go meanwhile make no row miss or repeat.
func (s *Store) Jobs(ctx context.Context, f app.JobFilter) (app.JobPage, error) {
	after, err := parseCursor(f.Cursor)
	if err != nil {
		return app.JobPage{}, err
	}
	page := app.JobPage{Jobs: []job.Job{}}
	for len(page.Jobs) < f.Limit {
		refs, err := s.refs(ctx, f, after)
		if err != nil {
			return app.JobPage{}, err
		}
		if len(refs) == 0 {
			page.NextCursor = ""
			break
		}
		if after, err = s.fill(ctx, f, refs, &page); err != nil {
			return app.JobPage{}, err
		}
	}
	page.Total, err = s.total(ctx, f)
	return page, err
}

// fill adds the jobs that pass the filter until the page is full, and answers
// where it stopped.
func (s *Store) fill(ctx context.Context, f app.JobFilter, refs []ref, page *app.JobPage) (*position, error) {
	records, err := s.read(ctx, refs)
	if err != nil {
		return nil, err
	}
	var last *position
	for _, r := range refs {
		last = &position{r.Score, r.ID}
		record, ok := records[r.ID]
		if !ok || !passes(f, record) {
			continue
		}
		j, err := jobOf(record)
		if err != nil {
			return nil, err
		}
		page.Jobs = append(page.Jobs, j)
		page.NextCursor = formatCursor(*last)
		if len(page.Jobs) == f.Limit {
			break
		}
	}
	return last, nil
}

func (s *Store) read(ctx context.Context, refs []ref) (map[string]workqueue.Record, error) {
	ids := map[string][]string{}
	for _, r := range refs {
		ids[r.topic] = append(ids[r.topic], r.ID)
	}
	records := map[string]workqueue.Record{}
	for topic, group := range ids {
		found, err := s.queue.GetMany(ctx, topic, group)
		if err != nil {
			return nil, classify(err)
		}
		for _, r := range found {
			records[r.ID] = r
		}
	}
	return records, nil
}

// refs lists the next places after a position over all queues of the filter.
func (s *Store) refs(ctx context.Context, f app.JobFilter, after *position) ([]ref, error) {
	limit := max(f.Limit, scanPage) + 1
	var all []ref
	for _, q := range queuesOf(f.Queue) {
		found, err := s.refsOf(ctx, q.String(), listingOf(f), after, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b ref) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.ID, a.ID))
	})
	return all[:min(len(all), limit)], nil
}

// refsOf drops what stands at the position itself; where a whole page has that
// one score, the page grows until it reaches beyond.
func (s *Store) refsOf(ctx context.Context, topic string, listing workqueue.Listing, after *position, limit int) ([]ref, error) {
	for {
		var upTo *float64
		if after != nil {
			upTo = &after.score
		}
		found, err := s.queue.Refs(ctx, topic, listing, upTo, limit)
		if err != nil {
			return nil, classify(err)
		}
		refs := make([]ref, 0, len(found))
		for _, r := range found {
			if after == nil || r.Score < after.score || r.ID < after.id {
				refs = append(refs, ref{r, topic})
			}
		}
		if len(refs) > 0 || len(found) < limit {
			return refs, nil
		}
		limit *= 2
	}
}

func (s *Store) total(ctx context.Context, f app.JobFilter) (int, error) {
	if f.BatchID != "" {
		return s.batchTotal(ctx, f)
	}
	total := 0
	for _, q := range queuesOf(f.Queue) {
		n, err := s.totalOf(ctx, q, f.State)
		if err != nil {
			return 0, classify(err)
		}
		total += n
	}
	return total, nil
}

func (s *Store) totalOf(ctx context.Context, q job.Queue, state job.State) (int, error) {
	if state != job.Waiting && state != job.Active {
		return s.queue.Count(ctx, q.String(), listingOf(app.JobFilter{State: state}))
	}
	n, err := s.queue.Stats(ctx, q.String(), 0)
	if state == job.Waiting {
		return n.Waiting, err
	}
	return n.Active, err
}

func (s *Store) batchTotal(ctx context.Context, f app.JobFilter) (int, error) {
	b, err := s.Batch(ctx, f.BatchID)
	if err != nil {
		return 0, err
	}
	counts := map[job.State]int{
		{}: b.Total, job.Waiting: b.Waiting, job.Delayed: b.Delayed, job.Active: b.Active,
		job.Completed: b.Completed, job.Failed: b.Failed, job.Cancelled: b.Cancelled,
	}
	return counts[f.State], nil
}

func listingOf(f app.JobFilter) workqueue.Listing {
	switch f.State {
	case job.Completed:
		return workqueue.Completed
	case job.Failed:
		return workqueue.Failed
	case job.Cancelled:
		return workqueue.Cancelled
	case job.Delayed:
		return workqueue.Upcoming
	default:
		return workqueue.All
	}
}

func passes(f app.JobFilter, r workqueue.Record) bool {
	return (f.State.IsZero() || f.State.String() == r.State) && (f.BatchID == "" || f.BatchID == r.BatchID)
}

func formatCursor(p position) string {
	text := strconv.FormatFloat(p.score, 'f', -1, 64) + "|" + p.id
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func parseCursor(cursor string) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, badCursor(cursor)
	}
	score, id, ok := strings.Cut(string(text), "|")
	value, err := strconv.ParseFloat(score, 64)
	if !ok || err != nil || math.IsNaN(value) || math.IsInf(value, 0) { // which Redis does not understand
		return nil, badCursor(cursor)
	}
	return &position{value, id}, nil
}
