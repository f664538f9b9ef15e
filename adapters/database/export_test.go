package database

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// CreateDatabase makes an empty database beside the open one.
func (db *DB) CreateDatabase(ctx context.Context, name string) error {
	_, err := db.bun.ExecContext(ctx, "CREATE DATABASE ?", bun.Ident(name))
	return err
}

// Rows counts the rows of a table.
func (db *DB) Rows(ctx context.Context, table string) (int, error) {
	n, err := db.bun.NewSelect().Table(table).Count(ctx)
	return int(n), err
}

// RollBack undoes the last migrations.
func (db *DB) RollBack(ctx context.Context) error {
	migrator, err := db.migrator(ctx)
	if err != nil {
		return err
	}
	_, err = migrator.Rollback(ctx)
	return err
}

// LockMigrations leaves the lock of a process that was killed while it migrated.
func (db *DB) LockMigrations(ctx context.Context, patience time.Duration) error {
	db.lockPatience = patience
	migrator, err := db.migrator(ctx)
	if err != nil {
		return err
	}
	return migrator.Lock(ctx)
}

// HoldWrites is another writer of a SQLite file until release is called.
func (db *DB) HoldWrites(ctx context.Context) (release func() error, err error) {
	tx, err := db.bun.BeginTx(ctx, nil)
	return tx.Rollback, err
}

// LosePatience leaves a SQLite database one connection that waits a millisecond for other writers.
func (db *DB) LosePatience(ctx context.Context) error {
	db.bun.SetMaxOpenConns(1)
	_, err := db.bun.ExecContext(ctx, "PRAGMA busy_timeout = 1")
	return err
}

// EndSessions ends the other connections to a Postgres database.
func (db *DB) EndSessions(ctx context.Context, name string) (n int, err error) {
	err = db.bun.NewRaw("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()", name).Scan(ctx, &n)
	return n, err
}
