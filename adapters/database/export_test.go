package database

import (
	"context"

	"github.com/uptrace/bun"
)

// CreateDatabase makes an empty database beside the open one.
func (db *DB) CreateDatabase(ctx context.Context, name string) error {
	_, err := db.bun.ExecContext(ctx, "CREATE DATABASE ?", bun.Ident(name))
	return err
}

// HistoryLength counts the rows of job_history.
func (db *DB) HistoryLength(ctx context.Context) (int, error) {
	n, err := db.bun.NewSelect().Table("job_history").Count(ctx)
	return int(n), err
}
