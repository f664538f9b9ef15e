package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"leadstream/app"
)

// alerting is a world of alerts in memory.
type alerting struct {
	ended  map[string]map[string]int
	stands map[string]time.Time
	told   []string
	err    error
}

func (w *alerting) Outcomes(context.Context, time.Time) (map[string]map[string]int, error) {
	return w.ended, nil
}

func (w *alerting) Raise(_ context.Context, name string, at time.Time) (bool, error) {
	if _, stands := w.stands[name]; stands {
		return false, nil
	}
	w.stands[name] = at
	return true, nil
}

func (w *alerting) Clear(_ context.Context, name string) (since time.Time, cleared bool, err error) {
	since, cleared = w.stands[name]
	delete(w.stands, name)
	return since, cleared, nil
}

func (w *alerting) TellAlert(_ context.Context, eventType string, a app.AlertView) error {
	w.told = append(w.told, fmt.Sprintf("%s %s %.2f of %.2f since %s", eventType, a.Queue, a.Value, a.Threshold, a.Since))
	return w.err
}

func TestAlertsAreToldOnce(t *testing.T) {
	t.Parallel()
	w := &alerting{stands: map[string]time.Time{}}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	a := app.New(app.Needs{Outcomes: w, Alerts: w, Tellers: []app.AlertTeller{w, w}, Now: func() time.Time { return now }})
	for _, step := range []struct {
		completed, failed int
		want              []string // once for each teller
	}{
		{0, 4, nil}, // too few to say anything
		{9, 1, nil}, // as much as may be
		{8, 2, []string{"alert:raised enrichment 0.20 of 0.10 since 2026-11-24T12:02:00.000Z"}},
		{5, 5, nil}, // stands already
		{0, 4, nil}, // and is not cleared by failures that become few
		{9, 1, []string{"alert:cleared enrichment 0.10 of 0.10 since 2026-11-24T12:02:00.000Z"}},
		{9, 1, nil},
		{0, 5, []string{"alert:raised enrichment 1.00 of 0.10 since 2026-11-24T12:07:00.000Z"}},
		{0, 0, []string{"alert:cleared enrichment 0.00 of 0.10 since 2026-11-24T12:07:00.000Z"}},
	} {
		w.told, w.ended = nil, map[string]map[string]int{"enrichment": {"completed": step.completed, "failed": step.failed, "cancelled": 50}}
		if err := a.CheckAlerts(t.Context(), app.AlertRule{FailureRate: 0.1, Window: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(slices.Compact(w.told), step.want) || len(step.want) > 0 && len(w.told) == 1 {
			t.Errorf("%d completed, %d failed: told %q, want %q", step.completed, step.failed, w.told, step.want)
		}
		now = now.Add(time.Minute)
	}
}

func TestWhoCannotBeToldKeepsNobodyFromIt(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	w := &alerting{stands: map[string]time.Time{}, err: away, ended: map[string]map[string]int{"scraping": {"failed": 5}}}
	a := app.New(app.Needs{Outcomes: w, Alerts: w, Tellers: []app.AlertTeller{w, w}, Now: time.Now})
	if err := a.CheckAlerts(t.Context(), app.AlertRule{FailureRate: 0.1, Window: time.Minute}); !errors.Is(err, away) || len(w.told) != 2 {
		t.Errorf("told %q, %v", w.told, err)
	}
}

// provider is a monitor that says what it is told to.
type provider struct {
	state app.ProviderState
	err   error
}

func (p *provider) ProviderState(context.Context) (app.ProviderState, error) { return p.state, p.err }

// TestRefusedProviderIsAnAlert, which an unreadable state neither raises nor clears.
func TestRefusedProviderIsAnAlert(t *testing.T) {
	t.Parallel()
	w, p := &alerting{stands: map[string]time.Time{}}, &provider{state: app.ProviderState{Provider: "hunter"}}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	a := app.New(app.Needs{Outcomes: w, Alerts: w, Tellers: []app.AlertTeller{w}, Monitors: []app.ProviderMonitor{p}, Now: func() time.Time { return now }})
	away := errors.New("away")
	for i, step := range []struct {
		warning string
		err     error
		want    []string
	}{
		{"", nil, nil},
		{"mend the key", nil, []string{"alert:raised enrichment 1.00 of 0.00 since 2026-11-24T12:01:00.000Z"}},
		{"mend the key", nil, nil},
		{"", away, nil},
		{"", nil, []string{"alert:cleared enrichment 0.00 of 0.00 since 2026-11-24T12:01:00.000Z"}},
		{"", nil, nil},
	} {
		w.told, p.state.Warning, p.err = nil, step.warning, step.err
		if err := a.CheckAlerts(t.Context(), app.AlertRule{FailureRate: 0.1, Window: time.Minute}); !errors.Is(err, step.err) {
			t.Errorf("step %d: %v", i, err)
		}
		if !slices.Equal(w.told, step.want) {
			t.Errorf("step %d: told %q, want %q", i, w.told, step.want)
		}
		now = now.Add(time.Minute)
	}
}
