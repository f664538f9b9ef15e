package database

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/uptrace/bun/migrate"
)

//go:embed migrations
var migrationFiles embed.FS

const (
	// lockPatience is how long another process may migrate until it counts as
	// dead: the lock is a row, which a killed process leaves behind.
	lockPatience = 30 * time.Second
	lockInterval = 100 * time.Millisecond

	// initTries is how often the migrations' own tables, an index and two
	// tables, may be made by another process at the same moment.
	initTries = 5
)

// Migrate brings the schema up to date. Of several processes that start at
// once one does it, and the others wait.
func (db *DB) Migrate(ctx context.Context) error {
	migrator, err := db.migrator(ctx)
	if err != nil {
		return err
	}
	locked, err := db.lock(ctx, migrator)
	if err != nil {
		return classify(fmt.Errorf("waiting to migrate the database: %w", err))
	}
	if !locked {
		return nil
	}
	defer func() {
		if err := migrator.Unlock(context.WithoutCancel(ctx)); err != nil {
			db.log.Warn("migration lock not released", "error", err)
		}
	}()
	group, err := migrator.Migrate(ctx)
	if err != nil {
		return classify(fmt.Errorf("migrating the database: %w", err))
	}
	if !group.IsZero() {
		db.log.Info("database migrated", "migrations", group.Migrations.String())
	}
	return nil
}

// lock takes the migration lock as soon as it is free; false says that there
// is nothing left to migrate.
func (db *DB) lock(ctx context.Context, migrator *migrate.Migrator) (bool, error) {
	patience := time.After(db.lockPatience)
	for {
		known, err := migrator.MigrationsWithStatus(ctx)
		if err != nil || len(known.Unapplied()) == 0 {
			return false, err
		}
		err = migrator.Lock(ctx)
		if err == nil || !duplicate(err) {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-patience:
			db.log.Warn("migration lock taken over", "after", db.lockPatience)
			if err := migrator.Unlock(ctx); err != nil {
				return false, err
			}
		case <-time.After(lockInterval):
		}
	}
}

// Migration is one step of the schema.
type Migration struct {
	Name    string
	Applied bool
}

// Migrations lists every step, oldest first.
func (db *DB) Migrations(ctx context.Context) ([]Migration, error) {
	migrator, err := db.migrator(ctx)
	if err != nil {
		return nil, err
	}
	known, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return nil, classify(fmt.Errorf("reading the state of migrations: %w", err))
	}
	list := make([]Migration, len(known))
	for i, m := range known {
		list[i] = Migration{Name: m.Name + "_" + m.Comment, Applied: m.IsApplied()}
	}
	return list, nil
}

func (db *DB) migrator(ctx context.Context) (*migrate.Migrator, error) {
	folder := "migrations/sqlite"
	if db.isPostgres() {
		folder = "migrations/postgres"
	}
	files, err := fs.Sub(migrationFiles, folder)
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	migrations := migrate.NewMigrations()
	if err := migrations.Discover(files); err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	migrator := migrate.NewMigrator(db.bun, migrations, migrate.WithMarkAppliedOnSuccess(true))
	if err := initTables(ctx, migrator); err != nil {
		return nil, classify(fmt.Errorf("preparing migrations: %w", err))
	}
	return migrator, nil
}

// initTables makes the tables of the migrations themselves. Of several
// processes that do so at once on Postgres, some fail although IF NOT EXISTS is
// said; on a new file of SQLite, some do not get its lock for turning to WAL, for
// which SQLite does not wait.
func initTables(ctx context.Context, migrator *migrate.Migrator) error {
	for try := 1; ; try++ {
		err := migrator.Init(ctx)
		if err == nil || try == initTries || !exists(err) && !busy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockInterval):
		}
	}
}
