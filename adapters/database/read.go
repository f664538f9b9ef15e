package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"leadstream/app"
	"leadstream/domain/business"
)

// Bounds of a page of leads.
const (
	defaultPage = 50
	maxPage     = 500
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
	after, err := order.parseCursor(f.Cursor)
	if err != nil {
		return app.BusinessPage{}, err
	}
	total, err := filtered(db.bun.NewSelect().Model((*businessRow)(nil)), f).Count(ctx)
	if err != nil {
		return app.BusinessPage{}, classify(fmt.Errorf("counting businesses: %w", err))
	}
	limit := pageSize(f.Limit)
	rows, err := db.page(ctx, f, order, after, limit+1)
	if err != nil {
		return app.BusinessPage{}, classify(fmt.Errorf("listing businesses: %w", err))
	}
	page := app.BusinessPage{Total: int(total)}
	if len(rows) > limit {
		rows = rows[:limit]
		page.NextCursor = order.cursor(rows[limit-1])
	}
	page.Businesses = businesses(rows)
	return page, nil
}

func pageSize(asked int) int {
	if asked <= 0 {
		return defaultPage
	}
	return min(asked, maxPage)
}

func filtered(q *bun.SelectQuery, f app.BusinessFilter) *bun.SelectQuery {
	equal := func(column, value string) {
		if value != "" {
			q = q.Where("b.? = ?", bun.Ident(column), value)
		}
	}
	if f.Text != "" {
		q = q.Where(`b.search_text LIKE ? ESCAPE '\'`, containing(f.Text))
	}
	equal("city_folded", fold(f.City))
	equal("business_type_folded", fold(f.BusinessType))
	equal("enrichment_status", f.EnrichmentStatus.String())
	equal("first_seen_job", clean(f.JobID))
	if f.HasWebsite {
		q = q.Where("b.website <> ''")
	}
	if f.HasPhone {
		q = q.Where("(b.phone <> '' OR EXISTS (SELECT 1 FROM contacts WHERE business_id = b.id AND kind = ?))", business.Phone.String())
	}
	if f.HasEmail {
		q = q.Where("EXISTS (SELECT 1 FROM contacts WHERE business_id = b.id AND kind = ?)", business.Email.String())
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
