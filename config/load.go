package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Faults are all invalid settings at once, each "NAME: what is wrong".
type Faults []string

func (f Faults) Error() string { return "invalid settings:\n  " + strings.Join(f, "\n  ") }

// Load reads the settings from environ ("NAME=value"), and those it lacks from
// the file dotenv where that exists. Every fault is reported at once.
func Load(environ []string, dotenv string) (Config, error) {
	values, err := readDotenv(dotenv)
	if err != nil {
		return Config{}, err
	}
	maps.Copy(values, env.ToMap(environ))
	maps.DeleteFunc(values, func(_, v string) bool { return v == "" }) // set but empty means the default
	var c Config
	faults := parseFaults(env.ParseWithOptions(&c, env.Options{Environment: values}))
	unread := len(faults)
	for _, fault := range c.check(values) {
		// A value that could not be read is its zero by now, and reported already.
		if !slices.ContainsFunc(faults[:unread], func(f string) bool { return setting(f) == setting(fault) }) {
			faults = append(faults, fault)
		}
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		return Config{}, slices.Compact(faults)
	}
	return c, nil
}

func setting(fault string) string {
	name, _, _ := strings.Cut(fault, ":")
	return name
}

func readDotenv(path string) (map[string]string, error) {
	values, err := godotenv.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return values, nil
}

// parseFaults names the setting of each value that could not be read.
func parseFaults(err error) Faults {
	if err == nil {
		return nil
	}
	var faults Faults
	aggregate, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return Faults{err.Error()}
	}
	for _, e := range aggregate.Errors {
		if parse, ok := errors.AsType[env.ParseError](e); ok {
			faults = append(faults, nameOf(parse.Name)+": "+reason(parse.Err))
		} else {
			faults = append(faults, e.Error())
		}
	}
	return faults
}

// reason puts the parsers' words for people.
func reason(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "ParseInt"):
		return "must be a whole number"
	case strings.Contains(text, "ParseFloat"):
		return "must be a number"
	case strings.Contains(text, "ParseBool"):
		return "must be true or false"
	case strings.Contains(text, "duration"):
		return "must be a duration such as 30s or 15m"
	default:
		return text
	}
}
