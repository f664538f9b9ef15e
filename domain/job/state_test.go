package job_test

import (
	"testing"

	"leadstream/domain/job"
)

func TestTransitions(t *testing.T) {
	t.Parallel()
	legal := map[string]bool{
		"waiting→active": true, "waiting→cancelled": true,
		"delayed→waiting": true, "delayed→cancelled": true,
		"active→completed": true, "active→failed": true, "active→cancelled": true,
		"active→delayed": true, "active→waiting": true,
		"failed→waiting": true, "cancelled→waiting": true,
	}
	for _, from := range job.States() {
		for _, to := range job.States() {
			name := from.String() + "→" + to.String()
			if got := from.CanBecome(to); got != legal[name] {
				t.Errorf("%s: allowed = %v, want %v", name, got, legal[name])
			}
		}
	}
}

func TestParseState(t *testing.T) {
	t.Parallel()
	for _, want := range job.States() {
		got, err := job.ParseState(want.String())
		if err != nil || got != want {
			t.Errorf("ParseState(%q) = %v, %v", want, got, err)
		}
	}
	if _, err := job.ParseState("sleeping"); err == nil {
		t.Error("an unknown state was accepted")
	}
}
