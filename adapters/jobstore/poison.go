package jobstore

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// commandsQueue is what the inbox of commands is called among the poison queues.
const commandsQueue = "commands"

// poisonQueues lists the queues whose poison is shown.
func poisonQueues(only string) ([]string, error) {
	all := []string{commandsQueue}
	for _, q := range job.Queues() {
		all = append(all, q.String())
	}
	if only == "" {
		return all, nil
	}
	if !slices.Contains(all, only) {
		return nil, fault.NewInvalid(fault.Field{Location: "queue", Message: "must be one of " + strings.Join(all, ", "), Value: only})
	}
	return []string{only}, nil
}

func (s *Store) poisonStream(queue string) string {
	if queue == commandsQueue {
		return workqueue.InboxPoisonStream(CommandsStream)
	}
	return s.queue.PoisonStream(queue)
}

// Poison lists what was given up, newest first. The id of an entry names its
// queue and its place on that queue's poison stream.
func (s *Store) Poison(ctx context.Context, f app.PoisonFilter) (app.PoisonPage, error) {
	queues, err := poisonQueues(f.Queue)
	if err != nil {
		return app.PoisonPage{}, err
	}
	if f.Cursor != "" && !validEntryID(f.Cursor) {
		return app.PoisonPage{}, badCursor(f.Cursor)
	}
	page := app.PoisonPage{Entries: []app.PoisonEntry{}}
	for _, q := range queues {
		entries, total, err := s.queue.ListPoison(ctx, s.poisonStream(q), f.Cursor, f.Limit+1)
		if err != nil {
			return app.PoisonPage{}, classify(err)
		}
		page.Total += total
		for _, e := range entries {
			page.Entries = append(page.Entries, poisonEntry(q, e))
		}
	}
	slices.SortStableFunc(page.Entries, func(a, b app.PoisonEntry) int { return compareEntryIDs(streamID(b.ID), streamID(a.ID)) })
	if len(page.Entries) > f.Limit {
		page.Entries = page.Entries[:f.Limit]
		page.NextCursor = streamID(page.Entries[f.Limit-1].ID)
	}
	return page, nil
}

// PoisonEntry is one entry.
func (s *Store) PoisonEntry(ctx context.Context, id string) (app.PoisonEntry, error) {
	queue, entryID, err := splitPoisonID(id)
	if err != nil {
		return app.PoisonEntry{}, err
	}
	e, err := s.queue.Poison(ctx, s.poisonStream(queue), entryID)
	if errors.Is(err, workqueue.ErrNotFound) {
		return app.PoisonEntry{}, noPoison(id)
	}
	if err != nil {
		return app.PoisonEntry{}, classify(err)
	}
	return poisonEntry(queue, e), nil
}

// RequeuePoison lets an entry run again: a command returns to its inbox, a
// job to waiting.
func (s *Store) RequeuePoison(ctx context.Context, id string) error {
	e, err := s.PoisonEntry(ctx, id)
	if err != nil {
		return err
	}
	if e.Queue != commandsQueue {
		return s.RetryJob(ctx, e.JobID)
	}
	found, err := s.queue.RequeueInboxPoison(ctx, CommandsStream, streamID(id))
	if err != nil {
		return classify(err)
	}
	if !found {
		return noPoison(id)
	}
	return nil
}

// RequeueAllPoison lets all entries of a queue, or of all, run again. Those
// that are there when it begins count; one that fails again is not taken twice.
func (s *Store) RequeueAllPoison(ctx context.Context, queue string) (int, error) {
	queues, err := poisonQueues(queue)
	if err != nil {
		return 0, err
	}
	requeued := 0
	for _, q := range queues {
		entries, _, err := s.queue.ListPoison(ctx, s.poisonStream(q), "", maxPoison)
		if err != nil {
			return requeued, classify(err)
		}
		for _, e := range slices.Backward(entries) {
			err := s.RequeuePoison(ctx, q+":"+e.ID)
			switch {
			case err == nil:
				requeued++
			case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict):
				return requeued, err
			}
		}
	}
	return requeued, nil
}

// maxPoison is more than retention keeps of a queue.
const maxPoison = 100_000

// DiscardPoison drops an entry; its job stays failed.
func (s *Store) DiscardPoison(ctx context.Context, id string) error {
	queue, entryID, err := splitPoisonID(id)
	if err != nil {
		return err
	}
	found, err := s.queue.DiscardPoison(ctx, s.poisonStream(queue), entryID)
	if err != nil {
		return classify(err)
	}
	if !found {
		return noPoison(id)
	}
	return nil
}

func poisonEntry(queue string, e workqueue.PoisonEntry) app.PoisonEntry {
	f := e.Fields
	attempts, _ := strconv.Atoi(f["attempts"]) // commands have none
	at, err := time.Parse(time.RFC3339Nano, f["failed_at"])
	if err != nil {
		at = entryTime(e.ID)
	}
	jobID := f["job_id"]
	if jobID == "" {
		jobID = f["id"]
	}
	rest := maps.Clone(f)
	for _, own := range []string{"payload", "reason_poisoned", "handler_poisoned", "attempts", "failed_at", "job_id", "id", "name"} {
		delete(rest, own)
	}
	return app.PoisonEntry{
		ID: queue + ":" + e.ID, Queue: queue, JobID: jobID, Name: f["name"], Payload: f["payload"],
		Reason: f["reason_poisoned"], Handler: f["handler_poisoned"], Attempts: attempts, At: at, Metadata: rest,
	}
}

func splitPoisonID(id string) (queue, entryID string, err error) {
	queue, entryID, _ = strings.Cut(id, ":")
	if _, err := poisonQueues(queue); err != nil || queue == "" || !validEntryID(entryID) {
		return "", "", noPoison(id)
	}
	return queue, entryID, nil
}

func noPoison(id string) error { return fault.NotFoundf("poison entry %q does not exist", id) }

func streamID(id string) string { return id[strings.Index(id, ":")+1:] }

func validEntryID(id string) bool {
	ms, seq, ok := strings.Cut(id, "-")
	_, errMS := strconv.ParseUint(ms, 10, 64)
	_, errSeq := strconv.ParseUint(seq, 10, 64)
	return ok && errMS == nil && errSeq == nil
}

func compareEntryIDs(a, b string) int {
	return cmp.Or(cmp.Compare(entryPart(a, 0), entryPart(b, 0)), cmp.Compare(entryPart(a, 1), entryPart(b, 1)))
}

func entryPart(id string, i int) uint64 {
	parts := strings.SplitN(id, "-", 2)
	if i >= len(parts) {
		return 0
	}
	n, _ := strconv.ParseUint(parts[i], 10, 64) // Redis writes them
	return n
}

func entryTime(id string) time.Time { return time.UnixMilli(int64(entryPart(id, 0))).UTC() }
