package database

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/migrate"
)

//go:embed migrations
var migrationFiles embed.FS

// lockPatience is how long to wait for another process that migrates.
const lockPatience = 30 * time.Second

// Migrate brings the schema up to date. Of several processes that start at
// once one does it, and the others wait.
func (db *DB) Migrate(ctx context.Context) error {
	migrator, err := db.migrator(ctx)
	if err != nil {
		return err
	}
	if err := lock(ctx, migrator); err != nil {
		return fmt.Errorf("waiting for another process that migrates: %w", err)
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
		return nil, classify(err)
	}
	list := make([]Migration, len(known))
	for i, m := range known {
		list[i] = Migration{Name: m.Name + "_" + m.Comment, Applied: m.IsApplied()}
	}
	return list, nil
}

func (db *DB) migrator(ctx context.Context) (*migrate.Migrator, error) {
	folder := "migrations/sqlite"
	if db.bun.Dialect().Name() == dialect.PG {
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

// initTables makes the tables of the migrations themselves; of several
// processes that do so at once on Postgres, some fail although they are there.
func initTables(ctx context.Context, migrator *migrate.Migrator) error {
	err := migrator.Init(ctx)
	if err != nil && duplicate(err) || err != nil && busy(err) {
		return migrator.Init(ctx)
	}
	return err
}

func lock(ctx context.Context, migrator *migrate.Migrator) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		err := migrator.Lock(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
