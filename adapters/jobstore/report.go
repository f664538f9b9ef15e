package jobstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// Report writes a running job's progress and its event, unless the run is not
// the valid one any more.
func (s *Store) Report(ctx context.Context, j job.Job, p job.Progress) error {
	r := recordOf(j)
	_, err := s.queue.Report(ctx, r, p.Percent, p.Message, progressEvent(r, p))
	return classify(err)
}

// Log adds a line to a job's log.
func (s *Store) Log(ctx context.Context, j job.Job, level, message string) error {
	return classify(s.queue.AppendLog(ctx, j.Queue().String(), j.ID(), newLogLine(s.now(), level, message)))
}

// JobLogs lists a job's log, oldest line first.
func (s *Store) JobLogs(ctx context.Context, id string, limit int, cursor string) (app.LogPage, error) {
	r, err := s.record(ctx, id)
	if err != nil {
		return app.LogPage{}, err
	}
	offset, err := parseOffset(cursor)
	if err != nil {
		return app.LogPage{}, err
	}
	lines, total, err := s.queue.Log(ctx, r.Topic, id, offset, limit)
	if err != nil {
		return app.LogPage{}, classify(err)
	}
	page := app.LogPage{Lines: make([]app.LogLine, 0, len(lines)), Total: total}
	for _, line := range lines {
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return app.LogPage{}, fmt.Errorf("reading a log line of job %s: %w", id, err)
		}
		page.Lines = append(page.Lines, app.LogLine{Timestamp: l.At, Level: l.Level, Message: l.Message})
	}
	if offset+len(lines) < total {
		page.NextCursor = strconv.Itoa(offset + len(lines))
	}
	return page, nil
}

// CountPlace notes what became of a place, once.
func (s *Store) CountPlace(ctx context.Context, jobID, placeKey string, outcome app.PlaceOutcome) error {
	return classify(s.queue.MarkOnce(ctx, job.Scraping.String(), jobID, placeKey, string(outcome)))
}

// Tally counts a scrape's places by what became of them.
func (s *Store) Tally(ctx context.Context, jobID string) (app.Tally, error) {
	n, err := s.queue.Marks(ctx, job.Scraping.String(), jobID)
	if err != nil {
		return app.Tally{}, classify(err)
	}
	return app.Tally{
		Saved: n[string(app.PlaceSaved)], Skipped: n[string(app.PlaceSkipped)], Invalid: n[string(app.PlaceInvalid)],
	}, nil
}

type logLine struct {
	At      time.Time `json:"at"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
}

func newLogLine(at time.Time, level, message string) []byte {
	line, _ := json.Marshal(logLine{at.UTC(), level, message}) // texts and a time of these centuries can always be encoded
	return line
}

func recordOf(j job.Job) workqueue.Record {
	s := j.Snapshot()
	return workqueue.Record{Topic: s.Queue.String(), ID: s.ID, Payload: s.Data, Run: s.Run, Attempts: s.AttemptsMade, CorrelationID: s.CorrelationID}
}

func parseOffset(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	offset, err := strconv.Atoi(cursor)
	if err != nil || offset < 0 {
		return 0, badCursor(cursor)
	}
	return offset, nil
}

func badCursor(cursor string) error {
	return fault.NewInvalid(fault.Field{Location: "cursor", Message: "is not a cursor of this listing", Value: cursor})
}
