package database_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"leadstream/adapters/database"
	"leadstream/internal/testenv"
)

// BenchmarkSaveFound saves new places, one at a time and from many goroutines.
func BenchmarkSaveFound(b *testing.B) {
	for name, options := range map[string]func(b *testing.B) database.Options{
		"sqlite":   func(b *testing.B) database.Options { return database.Options{DataDir: b.TempDir()} },
		"postgres": func(b *testing.B) database.Options { return database.Options{URL: testenv.Postgres(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			db := open(b, options(b))
			if err := db.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			saveNext := func() {
				if _, _, err := db.SaveFound(b.Context(), found(fmt.Sprint("place ", n.Add(1)))); err != nil {
					b.Error(err)
				}
			}
			b.Run("alone", func(b *testing.B) {
				for b.Loop() {
					saveNext()
				}
			})
			b.Run("parallel", func(b *testing.B) {
				b.SetParallelism(4)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						saveNext()
					}
				})
			})
		})
	}
}
