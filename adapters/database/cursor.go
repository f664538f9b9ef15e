package database

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"leadstream/domain/fault"
)

// sortOrder is what a listing is sorted by; ties are in order of the id.
type sortOrder struct {
	name       string // as in the filter
	column     string
	descending bool
}

func parseSort(name string) (sortOrder, error) {
	if name == "" {
		name = "-created_at"
	}
	column, descending := strings.CutPrefix(name, "-")
	switch column {
	case "created_at", "updated_at", "name", "rating":
		return sortOrder{name, column, descending}, nil
	default:
		return sortOrder{}, fault.NewInvalid(fault.Field{
			Location: "sort", Message: "must be created_at, updated_at, name or rating, with a leading - for descending", Value: name,
		})
	}
}

// expr is the sorted value in SQL; a missing rating is the least.
func (o sortOrder) expr() string {
	switch o.column {
	case "name":
		return "b.name_folded"
	case "rating":
		return "COALESCE(b.rating, 0)"
	default:
		return "b." + o.column
	}
}

func (o sortOrder) apply(q *bun.SelectQuery) *bun.SelectQuery {
	direction := " ASC"
	if o.descending {
		direction = " DESC"
	}
	return q.OrderExpr(o.expr() + direction).OrderExpr("b.id" + direction)
}

func (o sortOrder) after(q *bun.SelectQuery, p position) *bun.SelectQuery {
	sign := ">"
	if o.descending {
		sign = "<"
	}
	return q.Where("("+o.expr()+", b.id) "+sign+" (?, ?)", o.value(p), p.ID)
}

// position is the last row of a page, in one order alone.
type position struct {
	Sort   string  `json:"sort"`
	ID     int64   `json:"id"`
	Name   string  `json:"name,omitempty"`
	Rating float64 `json:"rating,omitempty"`
	Time   int64   `json:"time,omitempty"` // milliseconds since 1970
}

func (o sortOrder) value(p position) any {
	switch o.column {
	case "name":
		return p.Name
	case "rating":
		return p.Rating
	default:
		return time.UnixMilli(p.Time).UTC()
	}
}

// cursor is opaque to clients: the last row of a page as base64url.
func (o sortOrder) cursor(last *businessRow) string {
	raw, _ := json.Marshal(o.position(last)) // strings and finite numbers always encode
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (o sortOrder) position(last *businessRow) position {
	p := position{Sort: o.name, ID: last.ID}
	switch o.column {
	case "name":
		p.Name = last.Folded.Name
	case "rating":
		if last.Rating != nil {
			p.Rating = *last.Rating
		}
	case "updated_at":
		p.Time = last.UpdatedAt.UnixMilli()
	default:
		p.Time = last.CreatedAt.UnixMilli()
	}
	return p
}

// maxTime is the end of the year 9999, which both databases can write.
const maxTime = 253402300799999

// parseCursor reads what cursor wrote in the same order; empty is the first page.
func (o sortOrder) parseCursor(text string) (*position, error) {
	if text == "" {
		return nil, nil
	}
	var p position
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil || p.Sort != o.name || p.Time < 0 || p.Time > maxTime || p.Name != clean(p.Name) {
		return nil, fault.NewInvalid(fault.Field{Location: "cursor", Message: "is not a cursor of this listing", Value: text})
	}
	return &p, nil
}
