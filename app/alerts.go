package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leadstream/domain/job"
)

// Types of the events of alerts.
const (
	AlertRaised  = "alert:raised"
	AlertCleared = "alert:cleared"
)

// The names of alerts.
const (
	AlertFailureRate     = "failure_rate"     // more of a queue's jobs fail than the threshold
	AlertProviderRefused = "provider_refused" // a provider needs a person; Value is 1 while it does
)

// alertLeast is how many jobs must have ended for a share of them to say anything.
const alertLeast = 5

// AlertRule says what share of a queue's jobs may fail, and over which time it is taken.
type AlertRule struct {
	FailureRate float64 // 0 to 1
	Window      time.Duration
}

// AlertView is an alert as readers outside are shown it.
type AlertView struct {
	Name      string  `json:"name"`
	Queue     string  `json:"queue"`
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	Since     string  `json:"since"`
	Message   string  `json:"message,omitempty"` // what is to be mended, where a number does not tell
}

// JobOutcomes counts how jobs ended.
type JobOutcomes interface {
	// Outcomes counts runs that ended since a time, by queue and state.
	Outcomes(ctx context.Context, since time.Time) (map[string]map[string]int, error)
}

// AlertBook holds which alerts stand, for all processes: each change is one process's alone.
type AlertBook interface {
	// Raise is true for who raised an alert that did not stand.
	Raise(ctx context.Context, name string, at time.Time) (bool, error)
	// Clear is true for who cleared an alert that stood since then.
	Clear(ctx context.Context, name string) (since time.Time, cleared bool, err error)
}

// AlertTeller tells someone of an alert.
type AlertTeller interface {
	TellAlert(ctx context.Context, eventType string, a AlertView) error
}

// CheckAlerts raises and clears the alert of each queue and of each contact
// provider. An alert is told once, whichever process finds it; who could not be
// told is in the error.
func (a *App) CheckAlerts(ctx context.Context, rule AlertRule) error {
	now := a.Now()
	outcomes, err := a.Outcomes.Outcomes(ctx, now.Add(-rule.Window))
	if err != nil {
		return fmt.Errorf("counting outcomes: %w", err)
	}
	var faults []error
	for _, q := range job.Queues() {
		faults = append(faults, a.checkAlert(ctx, rule, q.String(), outcomes[q.String()], now))
	}
	for _, m := range a.Monitors {
		faults = append(faults, a.checkProvider(ctx, m, now))
	}
	return errors.Join(faults...)
}

func (a *App) checkAlert(ctx context.Context, rule AlertRule, queue string, ended map[string]int, now time.Time) error {
	failed := ended[job.Failed.String()]
	total := failed + ended[job.Completed.String()]
	view := AlertView{Name: AlertFailureRate, Queue: queue, Threshold: rule.FailureRate, Since: ViewTime(now)}
	if total > 0 {
		view.Value = float64(failed) / float64(total)
	}
	name := view.Name + ":" + queue
	if view.Value > rule.FailureRate {
		if total < alertLeast { // too few to raise an alert, and to clear one
			return nil
		}
		return a.raise(ctx, name, view, now)
	}
	return a.clear(ctx, name, view)
}

// checkProvider raises an alert while a provider has something for a person to mend.
func (a *App) checkProvider(ctx context.Context, m ProviderMonitor, now time.Time) error {
	state, err := m.ProviderState(ctx)
	if err != nil {
		return fmt.Errorf("reading a provider's state: %w", err)
	}
	view := AlertView{Name: AlertProviderRefused, Queue: job.Enrichment.String(), Since: ViewTime(now), Message: state.Warning}
	name := view.Name + ":" + state.Provider
	if state.Warning == "" {
		view.Message = state.Provider + " is asked again"
		return a.clear(ctx, name, view)
	}
	view.Value = 1
	return a.raise(ctx, name, view, now)
}

func (a *App) raise(ctx context.Context, name string, view AlertView, now time.Time) error {
	raised, err := a.Alerts.Raise(ctx, name, now)
	if err != nil || !raised {
		return err
	}
	return a.tellAlert(ctx, AlertRaised, view)
}

func (a *App) clear(ctx context.Context, name string, view AlertView) error {
	since, cleared, err := a.Alerts.Clear(ctx, name)
	if err != nil || !cleared {
		return err
	}
	view.Since = ViewTime(since)
	return a.tellAlert(ctx, AlertCleared, view)
}

func (a *App) tellAlert(ctx context.Context, eventType string, view AlertView) error {
	var faults []error
	for _, teller := range a.Tellers {
		if err := teller.TellAlert(ctx, eventType, view); err != nil {
			faults = append(faults, fmt.Errorf("telling of %s: %w", eventType, err))
		}
	}
	return errors.Join(faults...)
}
