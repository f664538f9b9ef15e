package database

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"leadstream/app"
)

// Count counts what there is, each number from an index alone.
func (db *DB) Count(ctx context.Context, today, lately time.Time) (app.Totals, error) {
	c := counting{ctx: ctx, db: db.bun}
	t := app.Totals{
		Businesses:       c.groups("businesses", "enrichment_status", time.Time{}, ""),
		BusinessesToday:  c.since("businesses", "COUNT(*)", "created_at", today),
		BusinessesLately: c.since("businesses", "COUNT(*)", "created_at", lately),
		EnrichedToday:    c.since("contacts", "COUNT(DISTINCT business_id)", "created_at", today),
		Contacts:         c.since("contacts", "COUNT(*)", "created_at", time.Time{}),
		ContactsToday:    c.since("contacts", "COUNT(*)", "created_at", today),
		JobsToday:        c.groups("job_history", "state", today, "finished_at"),
		JobsLately:       c.since("job_history", "COUNT(*)", "finished_at", lately),
	}
	if c.err != nil {
		return app.Totals{}, classify(fmt.Errorf("counting: %w", c.err))
	}
	return t, nil
}

// Outcomes counts runs of jobs that ended since a time, by queue and state.
func (db *DB) Outcomes(ctx context.Context, since time.Time) (map[string]map[string]int, error) {
	var rows []struct {
		Queue, State string
		N            int
	}
	err := db.bun.NewSelect().Table("job_history").ColumnExpr("queue, state, COUNT(*) AS n").
		Where("finished_at >= ?", stored(since)).GroupExpr("queue, state").Scan(ctx, &rows)
	if err != nil {
		return nil, classify(fmt.Errorf("counting outcomes: %w", err))
	}
	outcomes := map[string]map[string]int{}
	for _, row := range rows {
		if outcomes[row.Queue] == nil {
			outcomes[row.Queue] = map[string]int{}
		}
		outcomes[row.Queue][row.State] = row.N
	}
	return outcomes, nil
}

// counting stops at its first error.
type counting struct {
	ctx context.Context
	db  *bun.DB
	err error
}

// since counts the rows of a table from a time on; the zero time is all.
func (c *counting) since(table, what, column string, from time.Time) (n int) {
	if c.err != nil {
		return 0
	}
	query := c.db.NewSelect().Table(table).ColumnExpr(what)
	if !from.IsZero() {
		query = query.Where("? >= ?", bun.Ident(column), stored(from))
	}
	c.err = query.Scan(c.ctx, &n)
	return n
}

// groups counts the rows of a table by a column.
func (c *counting) groups(table, by string, from time.Time, column string) map[string]int {
	if c.err != nil {
		return nil
	}
	query := c.db.NewSelect().Table(table).ColumnExpr("? AS name, COUNT(*) AS n", bun.Ident(by)).GroupExpr("?", bun.Ident(by))
	if !from.IsZero() {
		query = query.Where("? >= ?", bun.Ident(column), stored(from))
	}
	var rows []struct {
		Name string
		N    int
	}
	c.err = query.Scan(c.ctx, &rows)
	groups := make(map[string]int, len(rows))
	for _, row := range rows {
		groups[row.Name] = row.N
	}
	return groups
}
