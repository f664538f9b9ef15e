package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"leadstream/config"
)

// finding is what the doctor says of one thing.
type finding struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warning or error
	Detail string `json:"detail"`
	Mend   string `json:"mend,omitempty"` // how, where something is wrong
}

// The states of what was looked at.
const (
	well    = "ok"
	doubt   = "warning"
	ailing  = "error"
	patient = 10 * time.Second // each look may take
)

func newDoctor(environ []string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look at all that Leadstream needs, and say what is wrong and how to mend it",
		Long: "Looks at the settings, Redis, the database, Chromium and the address, and needs no running service.\n" +
			"Exit code 0 when all is well or doubtful at most, 1 when something is wrong, 2 when the settings are.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings, err := examine(cmd.Context(), environ)
			if asJSON {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(findings); err != nil {
					return fmt.Errorf("writing the findings: %w", err)
				}
			} else {
				printFindings(cmd.OutOrStdout(), findings)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON for programs")
	return cmd
}

// examine looks at everything. Its error, if any, says how many things ail.
func examine(ctx context.Context, environ []string) ([]finding, error) {
	c, err := config.Load(environ, ".env")
	if err != nil {
		findings := ailingSettings(err)
		return findings, usageError{fmt.Errorf("%d of the settings are wrong", len(findings))}
	}
	findings := []finding{{Name: "settings", Status: well, Detail: "all valid"}}
	for _, look := range []func(context.Context, config.Config) finding{
		lookAtData, lookAtRedis, lookAtDatabase, lookAtChromium, lookAtSources, lookAtContacts, lookAtAddress,
	} {
		ctx, cancel := context.WithTimeout(ctx, patient)
		findings = append(findings, look(ctx, c))
		cancel()
	}
	wrong := 0
	for _, f := range findings {
		if f.Status == ailing {
			wrong++
		}
	}
	if wrong > 0 {
		return findings, fmt.Errorf("%d of %d things are wrong", wrong, len(findings))
	}
	return findings, nil
}

func ailingSettings(err error) []finding {
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		return []finding{{Name: "settings", Status: ailing, Detail: err.Error(), Mend: "mend the file .env"}}
	}
	findings := make([]finding, len(faults))
	for i, f := range faults {
		findings[i] = finding{Name: "settings", Status: ailing, Detail: f, Mend: "change it in the environment or in .env; `leadstream config --example` explains each"}
	}
	return findings
}

var marks = map[string]string{well: "ok", doubt: "!!", ailing: "XX"}

func printFindings(out io.Writer, findings []finding) {
	for _, f := range findings {
		_, _ = fmt.Fprintf(out, "%s  %-9s %s\n", marks[f.Status], f.Name, plain(f.Detail))
		if f.Mend != "" {
			_, _ = fmt.Fprintf(out, "    %-9s -> %s\n", "", plain(f.Mend))
		}
	}
}
