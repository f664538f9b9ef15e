package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// widest is how many letters of a free text a table shows.
const widest = 60

// table prints rows under a header, in columns.
func table(out io.Writer, header []string, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i] = plain(cell); cells[i] == "" {
				cells[i] = "-"
			}
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// facts prints names and values; those without a value are left out.
func facts(out io.Writer, pairs ...string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := plain(pairs[i+1]); value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", pairs[i], value)
		}
	}
	return w.Flush()
}

// plain makes one line of a text, without what steers a terminal: names and
// reasons come from strangers.
func plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, text))
}

// short cuts a text to what a table shows of it.
func short(text string) string {
	if letters := []rune(plain(text)); len(letters) > widest {
		return string(letters[:widest-1]) + "…"
	}
	return text
}

// moment is a time of the API for people, in their own zone.
func moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.Local().Format(time.DateTime) //nolint:gosmopolitan // people compare it with the clock on their wall
}

// printJSON prints the service's own answer, indented.
func printJSON(out io.Writer, raw json.RawMessage) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(raw)
}

func count(n int) string { return strconv.Itoa(n) }
