// Package database keeps leads and the history of jobs in SQL: SQLite in a
// file of its own, or Postgres.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/driver/pgdriver"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"leadstream/app"
)

// FileName is the SQLite file in the data folder.
const FileName = "leadstream.db"

// Options says which database is used.
type Options struct {
	URL     string // postgres://… ; empty is SQLite in DataDir
	DataDir string
	Now     app.Clock    // nil is time.Now
	Logger  *slog.Logger // nil logs nothing
}

// DB is an open database; it fills app.Businesses and app.JobHistory.
type DB struct {
	bun          *bun.DB
	now          app.Clock
	log          *slog.Logger
	lockPatience time.Duration
}

var (
	_ app.Businesses = (*DB)(nil)
	_ app.JobHistory = (*DB)(nil)
	_ app.LeadExport = (*DB)(nil)
	_ app.Counts     = (*DB)(nil)

	_ app.JobOutcomes = (*DB)(nil)
)

// Open opens the database; Migrate must have been run on it before it is used.
// Postgres is first connected to when it is first needed.
func Open(o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	db := &DB{now: o.Now, log: o.Logger, lockPatience: lockPatience}
	var err error
	if o.URL == "" {
		db.bun, err = openSQLite(o.DataDir)
	} else {
		db.bun, err = openPostgres(o.URL)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

func openPostgres(address string) (*bun.DB, error) {
	u, err := url.Parse(address)
	if err != nil { // whose text repeats the address, and the password in it
		return nil, errors.New("database URL is not a URL; in a password, characters such as / and # are written as %2F and %23")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("database URL must begin with postgres://")
	}
	connector, err := newConnector(address)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(8)
	return bun.NewDB(pool, pgdialect.New()), nil
}

// newConnector makes an error of the driver's panic over parameters it does not know.
func newConnector(address string) (c *pgdriver.Connector, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("reading the database URL: %v", reason)
		}
	}()
	return pgdriver.NewConnector(
		pgdriver.WithApplicationName("leadstream"), pgdriver.WithTimeout(10*time.Second), pgdriver.WithDSN(address),
	), nil
}

func openSQLite(dir string) (*bun.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data folder: %w", err)
	}
	file := url.URL{Path: filepath.ToSlash(filepath.Join(dir, FileName))}
	settings := url.Values{"_pragma": {"journal_mode(WAL)", "busy_timeout(5000)", "foreign_keys(1)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	pool, err := sql.Open("sqlite", "file:"+file.EscapedPath()+"?"+settings.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	// Transactions begin as writers (_txlock), so that none fails halfway for
	// being unable to become one; readers do not wait for them in WAL mode.
	pool.SetMaxOpenConns(8)
	return bun.NewDB(pool, sqlitedialect.New()), nil
}

// Ping tests whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.bun.PingContext(ctx); err != nil {
		return classify(fmt.Errorf("reaching the database: %w", err))
	}
	return nil
}

// Close closes all connections.
func (db *DB) Close() error { return db.bun.Close() }

func (db *DB) isPostgres() bool { return db.bun.Dialect().Name() == dialect.PG }

func (db *DB) timestamp() time.Time { return stored(db.now()) }

// stored is a time as both databases keep it.
func stored(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }
