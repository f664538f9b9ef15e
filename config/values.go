package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// List is a setting of several values, separated by commas.
type List []string

// UnmarshalText reads "one, two"; empty parts are dropped.
func (l *List) UnmarshalText(text []byte) error {
	*l = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}

func (l List) String() string { return strings.Join(l, ",") }

// Rate is a number of starts in a window; Limit 0 is no limit.
type Rate struct {
	Limit  int
	Window time.Duration
}

// UnmarshalText reads "10/1m", or "0" for no limit.
func (r *Rate) UnmarshalText(text []byte) error {
	*r = Rate{}
	if string(text) == "0" {
		return nil
	}
	limit, window, _ := strings.Cut(string(text), "/")
	n, errLimit := strconv.Atoi(limit)
	d, errWindow := time.ParseDuration(window)
	if errLimit != nil || errWindow != nil || n < 1 || d < time.Millisecond {
		return fmt.Errorf("must be starts/window such as 10/1m, or 0")
	}
	*r = Rate{n, d}
	return nil
}

func (r Rate) String() string {
	if r.Limit == 0 {
		return "0"
	}
	return fmt.Sprintf("%d/%s", r.Limit, r.Window)
}

// Override says where hosts that match a pattern are really dialled.
type Override struct {
	Pattern string // a host name, or "*." and a suffix
	Addr    string // host:port
}

// DialOverrides are tried in order.
type DialOverrides []Override

// UnmarshalText reads "*.example=127.0.0.1:4010, other.example=…".
func (o *DialOverrides) UnmarshalText(text []byte) error {
	*o = nil
	var parts List
	if err := parts.UnmarshalText(text); err != nil {
		return err
	}
	for _, part := range parts {
		pattern, addr, found := strings.Cut(part, "=")
		if _, _, err := net.SplitHostPort(addr); !found || pattern == "" || err != nil {
			return fmt.Errorf("%q must be pattern=host:port", part)
		}
		*o = append(*o, Override{strings.ToLower(pattern), addr})
	}
	return nil
}

func (o DialOverrides) String() string {
	parts := make([]string, len(o))
	for i, override := range o {
		parts[i] = override.Pattern + "=" + override.Addr
	}
	return strings.Join(parts, ",")
}
