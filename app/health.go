package app

import (
	"context"
	"slices"
	"sync"
	"time"
)

// healthTimeout bounds each check, so that a probe answers within a second.
const healthTimeout = 800 * time.Millisecond

// Health is what a readiness probe is told.
type Health struct {
	Ready    bool
	Down     map[string]string // what is down, and why
	Warnings []string          // what works, but may lose something
}

// Health asks everything the service cannot work without, at the same time.
func (a *App) Health(ctx context.Context) Health {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	down := map[string]string{}
	for _, check := range a.Checks {
		wg.Go(func() {
			if err := check.Check(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				down[check.Name] = err.Error()
			}
		})
	}
	var warnings []string
	wg.Go(func() { warnings = a.providerWarnings(ctx) })
	wg.Wait()
	return Health{Ready: len(down) == 0, Down: down, Warnings: slices.Concat(a.Warnings, warnings)}
}

// providerWarnings are what a person has to mend at a provider; one that
// cannot be asked has nothing to say, since Redis has a check of its own.
func (a *App) providerWarnings(ctx context.Context) (warnings []string) {
	for _, m := range a.Monitors {
		if state, err := m.ProviderState(ctx); err == nil && state.Warning != "" {
			warnings = append(warnings, state.Warning)
		}
	}
	return warnings
}
