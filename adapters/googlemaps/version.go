package googlemaps

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Version starts the browser's program, without a page, to tell whether it can
// run here, and which it is: "Chromium 142.0.7444.59".
func (s *Source) Version(ctx context.Context) (string, error) {
	binary, err := s.browsers.options.binary()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, binary, "--version", "--no-sandbox").Output()
	if err != nil {
		return "", fmt.Errorf("starting %s: %w", binary, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, nil
}
