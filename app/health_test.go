package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"leadstream/app"
)

// monitor is a provider that stands as it is told to.
type monitor struct {
	state app.ProviderState
	err   error
}

func (m monitor) ProviderState(context.Context) (app.ProviderState, error) { return m.state, m.err }

// TestProvidersWarn lets what a person has to mend be told beside what works:
// the service is ready all the same.
func TestProvidersWarn(t *testing.T) {
	t.Parallel()
	a := newWorld().app(t)
	a.Warnings = []string{"Redis keeps nothing"}
	a.Monitors = []app.ProviderMonitor{
		monitor{state: app.ProviderState{Provider: "website", Breaker: "open"}},
		monitor{state: app.ProviderState{Warning: "unread"}, err: errors.New("Redis is down")},
		monitor{state: app.ProviderState{Provider: "hunter", Warning: "hunter refuses the key"}},
	}
	for range 2 { // asking changes nothing
		health := a.Health(t.Context())
		if want := []string{"Redis keeps nothing", "hunter refuses the key"}; !health.Ready || !slices.Equal(health.Warnings, want) {
			t.Errorf("%+v", health)
		}
	}
}
