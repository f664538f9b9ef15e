// Package database keeps leads and the history of jobs in SQL: SQLite in a
// file of its own, or Postgres.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/driver/pgdriver"
	"modernc.org/sqlite"

	"leadstream/app"
	"leadstream/domain/fault"
)

// FileName is the SQLite file in the data folder.
const FileName = "leadstream.db"

// Options says which database is used.
type Options struct {
	URL     string // postgres://… ; empty is SQLite in DataDir
	DataDir string
	Now     app.Clock
	Logger  *slog.Logger
}

// DB is an open database; it fills app.Businesses and app.JobHistory.
type DB struct {
	bun *bun.DB
	now app.Clock
	log *slog.Logger
}

var (
	_ app.Businesses = (*DB)(nil)
	_ app.JobHistory = (*DB)(nil)
)

// Open opens the database; Migrate must have been run on it before it is used.
func Open(o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	db := &DB{now: o.Now, log: o.Logger}
	if o.URL == "" {
		return db, db.openSQLite(o.DataDir)
	}
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("database URL must begin with postgres://")
	}
	connector := pgdriver.NewConnector(pgdriver.WithDSN(o.URL), pgdriver.WithApplicationName("leadstream"), pgdriver.WithTimeout(10*time.Second))
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(8)
	db.bun = bun.NewDB(pool, pgdialect.New())
	return db, nil
}

func (db *DB) openSQLite(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("creating the data folder: %w", err)
	}
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "busy_timeout(10000)", "foreign_keys(1)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, FileName)+"?"+pragmas.Encode())
	if err != nil {
		return fmt.Errorf("opening SQLite: %w", err)
	}
	// Transactions begin as writers (_txlock), so that none fails halfway for
	// being unable to become one; readers do not wait for them in WAL mode.
	pool.SetMaxOpenConns(8)
	db.bun = bun.NewDB(pool, sqlitedialect.New())
	return nil
}

// Ping tests whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.bun.PingContext(ctx) }

// Close closes all connections.
func (db *DB) Close() error { return db.bun.Close() }

// classify tells the application whether the database was away, which passes,
// or the fault is ours.
func classify(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "connection") {
		return fault.Unavailablef("the database is not available: %w", err)
	}
	if busy(err) {
		return fault.Transientf("the database is busy: %w", err)
	}
	return err
}

const (
	sqliteBusy   = 5
	sqliteUnique = 2067 // SQLITE_CONSTRAINT_UNIQUE
	sqliteKey    = 1555 // SQLITE_CONSTRAINT_PRIMARYKEY
	pgUnique     = "23505"
	pgSerialize  = "40001"
	pgDeadlock   = "40P01"
)

func busy(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()&0xff == sqliteBusy
	}
	var pg pgdriver.Error
	return errors.As(err, &pg) && (pg.Field('C') == pgSerialize || pg.Field('C') == pgDeadlock)
}

// duplicate reports whether a row with that unique value is there already.
func duplicate(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code() == sqliteUnique || lite.Code() == sqliteKey
	}
	var pg pgdriver.Error
	return errors.As(err, &pg) && pg.Field('C') == pgUnique
}
