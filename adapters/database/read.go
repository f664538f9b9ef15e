package database

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

// Business reads one lead with its contacts.
func (db *DB) Business(ctx context.Context, id int64) (business.Business, error) {
	row := new(businessRow)
	err := db.bun.NewSelect().Model(row).Relation("Contacts", byConfidence).Where("b.id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return business.Business{}, noBusiness(id)
	}
	if err != nil {
		return business.Business{}, classify(fmt.Errorf("reading business %d: %w", id, err))
	}
	return row.business(), nil
}

// PendingEnrichment lists leads nobody has looked for contacts of, oldest first.
func (db *DB) PendingEnrichment(ctx context.Context, afterID int64, limit int) ([]business.Business, error) {
	var rows []*businessRow
	err := db.bun.NewSelect().Model(&rows).Relation("Contacts", byConfidence).Where("b.id > ?", afterID).
		Where("b.enrichment_status = ?", business.Pending.String()).Order("b.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, classify(fmt.Errorf("listing pending businesses: %w", err))
	}
	return businesses(rows), nil
}

// List lists leads. Its cursors name the last row of a page by the sorted
// value and the id, so rows that come or go make none miss or repeat.
func (db *DB) List(ctx context.Context, f app.BusinessFilter) (app.BusinessPage, error) {
	order, err := parseSort(f.Sort)
	if err != nil {
		return app.BusinessPage{}, err
	}
	after, err := parseCursor(f.Cursor)
	if err != nil {
		return app.BusinessPage{}, err
	}
	total, err := filtered(db.bun.NewSelect().Model((*businessRow)(nil)), f).Count(ctx)
	if err != nil {
		return app.BusinessPage{}, classify(fmt.Errorf("counting businesses: %w", err))
	}
	var rows []*businessRow
	query := filtered(db.bun.NewSelect().Model(&rows).Relation("Contacts", byConfidence), f)
	if after != nil {
		query = order.after(query, *after)
	}
	if err := order.apply(query).Limit(int64(f.Limit) + 1).Scan(ctx); err != nil {
		return app.BusinessPage{}, classify(fmt.Errorf("listing businesses: %w", err))
	}
	page := app.BusinessPage{Total: int(total)}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		page.NextCursor = order.cursor(rows[f.Limit-1])
	}
	page.Businesses = businesses(rows)
	return page, nil
}

func filtered(q *bun.SelectQuery, f app.BusinessFilter) *bun.SelectQuery {
	equal := func(column, value string) {
		if value != "" {
			q = q.Where("LOWER(b.?) = LOWER(?)", bun.Ident(column), value)
		}
	}
	if f.Text != "" {
		pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(f.Text)) + "%"
		q = q.Where(`(LOWER(b.name) LIKE ? ESCAPE '\' OR LOWER(b.address) LIKE ? ESCAPE '\' OR LOWER(b.category) LIKE ? ESCAPE '\')`, pattern, pattern, pattern)
	}
	equal("city", f.City)
	equal("business_type", f.BusinessType)
	equal("enrichment_status", f.EnrichmentStatus.String())
	if f.JobID != "" {
		q = q.Where("b.first_seen_job = ?", f.JobID)
	}
	if f.HasWebsite {
		q = q.Where("b.website <> ''")
	}
	if f.HasPhone {
		q = q.Where("(b.phone <> '' OR EXISTS (SELECT 1 FROM contacts WHERE business_id = b.id AND kind = 'phone'))")
	}
	if f.HasEmail {
		q = q.Where("EXISTS (SELECT 1 FROM contacts WHERE business_id = b.id AND kind = 'email')")
	}
	return q
}

func byConfidence(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("c.confidence DESC", "c.id") }

func businesses(rows []*businessRow) []business.Business {
	list := make([]business.Business, len(rows))
	for i, row := range rows {
		list[i] = row.business()
	}
	return list
}

// sortOrder is what a listing is sorted by; ties are in order of the id.
type sortOrder struct {
	column     string
	descending bool
}

// sortExpr is the sorted value; a missing rating is the least.
func (o sortOrder) expr() string {
	if o.column == "rating" {
		return "COALESCE(b.rating, 0)"
	}
	return "b." + o.column
}

func parseSort(text string) (sortOrder, error) {
	if text == "" {
		text = "-created_at"
	}
	column, descending := strings.CutPrefix(text, "-")
	switch column {
	case "created_at", "updated_at", "name", "rating":
		return sortOrder{column, descending}, nil
	default:
		return sortOrder{}, fault.NewInvalid(fault.Field{
			Location: "sort", Message: "must be created_at, updated_at, name or rating, with a leading - for descending", Value: text,
		})
	}
}

func (o sortOrder) direction() string {
	if o.descending {
		return "DESC"
	}
	return "ASC"
}

func (o sortOrder) apply(q *bun.SelectQuery) *bun.SelectQuery {
	return q.OrderExpr(o.expr() + " " + o.direction()).OrderExpr("b.id " + o.direction())
}

func (o sortOrder) after(q *bun.SelectQuery, p position) *bun.SelectQuery {
	sign := ">"
	if o.descending {
		sign = "<"
	}
	return q.Where("("+o.expr()+" "+sign+" ? OR ("+o.expr()+" = ? AND b.id "+sign+" ?))", p.value(o), p.value(o), p.ID)
}

func (o sortOrder) cursor(r *businessRow) string {
	p := position{ID: r.ID}
	switch o.column {
	case "name":
		p.Text = r.Name
	case "rating":
		if r.Rating != nil {
			p.Number = *r.Rating
		}
	case "updated_at":
		p.Time = r.UpdatedAt.UTC()
	default:
		p.Time = r.CreatedAt.UTC()
	}
	raw, _ := json.Marshal(p) // finite numbers, strings and times encode
	return base64.RawURLEncoding.EncodeToString(raw)
}

// position is the last row of a page.
type position struct {
	ID     int64     `json:"i"`
	Text   string    `json:"s,omitempty"`
	Number float64   `json:"n,omitempty"`
	Time   time.Time `json:"t,omitzero"`
}

func (p position) value(o sortOrder) any {
	switch o.column {
	case "name":
		return p.Text
	case "rating":
		return p.Number
	default:
		return p.Time
	}
}

func parseCursor(text string) (*position, error) {
	if text == "" {
		return nil, nil
	}
	var p position
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return nil, fault.NewInvalid(fault.Field{Location: "cursor", Message: "is not a cursor of this listing", Value: text})
	}
	return &p, nil
}
