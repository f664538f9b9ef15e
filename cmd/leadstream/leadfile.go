package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"leadstream/app"
)

// writeLeads writes leads as csv or json.
func writeLeads(out io.Writer, format string, leads []app.BusinessView) error {
	if format == "json" {
		raw, err := json.Marshal(leads)
		if err != nil {
			return fmt.Errorf("writing the leads: %w", err)
		}
		return printJSON(out, raw)
	}
	w := csv.NewWriter(out)
	if err := w.Write(leadHeader); err != nil {
		return fmt.Errorf("writing the leads: %w", err)
	}
	for _, b := range leads {
		row := leadRow(b)
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := w.Write(row); err != nil {
			return fmt.Errorf("writing the leads: %w", err)
		}
	}
	w.Flush()
	return w.Error()
}

var leadHeader = []string{
	"id", "name", "category", "emails", "phone", "other_phones", "website", "profiles", "address", "city", "state", "postal_code", "country",
	"rating", "reviews_count", "latitude", "longitude", "status", "enrichment_status", "attribution",
}

func leadRow(b app.BusinessView) []string {
	of := func(kind string) string {
		values := []string{}
		for _, c := range b.Contacts {
			if c.Kind == kind {
				values = append(values, c.Value)
			}
		}
		return strings.Join(values, "; ")
	}
	return []string{
		strconv.FormatInt(b.ID, 10), b.Name, text(b.Category), of("email"), text(b.Phone), of("phone"), text(b.Website), of("social"), text(b.Address),
		text(b.City), text(b.State), text(b.PostalCode), text(b.Country), number(b.Rating), whole(b.ReviewsCount), number(b.Latitude),
		number(b.Longitude), b.Status, b.EnrichmentStatus, text(b.Attribution),
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

func whole(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// harmless keeps a spreadsheet from running a stranger's text as a formula; a
// number, as which phone numbers pass, is none.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsAny(cell[:1], "=+-@\t\r") {
		return cell
	}
	if strings.Trim(cell, "+-.0123456789") == "" {
		return cell
	}
	return "'" + cell
}
