package database_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
)

// migrating undoes and repeats the migrations.
func migrating(t *testing.T, s store) {
	wantApplied(t, s, true)
	if err := s.RollBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantApplied(t, s, false)
	for range 2 {
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantApplied(t, s, true)
	save(t, s, found("a"))
}

func wantApplied(t *testing.T, s store, want bool) {
	t.Helper()
	list, err := s.Migrations(t.Context())
	if err != nil || len(list) < 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, m := range list {
		if m.Applied != want {
			t.Errorf("%s applied: %v", m.Name, m.Applied)
		}
	}
}

// migratingAtOnce is several processes started on one empty database.
func migratingAtOnce(t *testing.T, s store) {
	empty := s.fresh(t)
	atOnce(4, func(i int) {
		db := open(t, empty)
		if err := db.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		if _, created, err := db.SaveFound(t.Context(), found(fmt.Sprint(i))); !created || err != nil {
			t.Errorf("created %v, %v", created, err)
		}
	})
}

func migratingAfterDeath(t *testing.T, s store) {
	if err := s.RollBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.LockMigrations(t.Context(), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	wantApplied(t, s, true)
	wantRows(t, s, "bun_migration_locks", 0)
	if _, err := s.List(t.Context(), app.BusinessFilter{EnrichmentStatus: business.Pending}); err != nil {
		t.Error(err)
	}
}
