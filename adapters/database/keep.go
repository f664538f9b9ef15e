package database

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"leadstream/app"
	"leadstream/domain/business"
)

// Annotate sets what people add to a lead.
func (db *DB) Annotate(ctx context.Context, id int64, a app.Annotation) (business.Business, error) {
	if a == (app.Annotation{}) {
		return db.Business(ctx, id)
	}
	query := db.bun.NewUpdate().Table("businesses").Set("updated_at = ?", db.timestamp()).Where("id = ?", id)
	if a.Notes != nil {
		query = query.Set("notes = ?", clean(*a.Notes))
	}
	if a.Tags != nil {
		query = query.Set("tags = ?", newList(*a.Tags))
	}
	if _, err := query.Exec(ctx); err != nil {
		return business.Business{}, classify(fmt.Errorf("annotating business %d: %w", id, err))
	}
	return db.Business(ctx, id)
}

// Delete forgets a lead with its contacts and identities.
func (db *DB) Delete(ctx context.Context, id int64) error {
	result, err := db.bun.NewDelete().Table("businesses").Where("id = ?", id).Exec(ctx)
	if err != nil {
		return classify(fmt.Errorf("deleting business %d: %w", id, err))
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return noBusiness(id)
	}
	return nil
}

// historyRow is one run of a finished job.
type historyRow struct {
	bun.BaseModel `bun:"table:job_history"`

	JobID        string    `bun:"job_id,pk"`
	FinishedAt   time.Time `bun:"finished_at,pk"`
	Queue        string    `bun:"queue"`
	Name         string    `bun:"name"`
	State        string    `bun:"state"`
	Data         string    `bun:"data"`
	Result       string    `bun:"result"`
	FailedReason string    `bun:"failed_reason"`
	Attempts     int       `bun:"attempts"`
	CreatedAt    time.Time `bun:"created_at"`
}

// RecordJob keeps one run of a finished job; the same run twice is one row.
func (db *DB) RecordJob(ctx context.Context, j app.FinishedJob) error {
	row := &historyRow{
		JobID: j.JobID, FinishedAt: stored(j.FinishedAt), Queue: j.Queue, Name: j.Name, State: j.State, Data: string(j.Data),
		Result: string(j.Result), FailedReason: clean(j.FailedReason), Attempts: j.AttemptsMade, CreatedAt: stored(j.CreatedAt),
	}
	if _, err := db.bun.NewInsert().Model(row).On("CONFLICT (job_id, finished_at) DO NOTHING").Exec(ctx); err != nil {
		return classify(fmt.Errorf("recording job %s: %w", j.JobID, err))
	}
	return nil
}
