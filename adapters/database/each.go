package database

import (
	"context"
	"fmt"

	"leadstream/app"
	"leadstream/domain/business"
)

// eachPage is how many leads are in memory at once.
const eachPage = 500

// EachBusiness reads leads page by page, as List does and without counting
// them. No page holds a connection or a lock while see works.
func (db *DB) EachBusiness(ctx context.Context, f app.BusinessFilter, see func(business.Business) error) error {
	order, err := parseSort(f.Sort)
	if err != nil {
		return err
	}
	after, err := order.parseCursor(f.Cursor)
	if err != nil {
		return err
	}
	for left := f.Limit; ; left -= eachPage {
		size := eachPage
		if f.Limit > 0 {
			size = min(size, left)
		}
		if size <= 0 {
			return nil
		}
		rows, err := db.page(ctx, f, order, after, size)
		if err != nil {
			return classify(fmt.Errorf("reading businesses: %w", err))
		}
		for _, row := range rows {
			if err := see(row.business()); err != nil {
				return err
			}
		}
		if len(rows) < size {
			return nil
		}
		last := order.position(rows[size-1])
		after = &last
	}
}

// page reads the leads behind a position, of the first page without one.
func (db *DB) page(ctx context.Context, f app.BusinessFilter, order sortOrder, after *position, size int) ([]*businessRow, error) {
	var rows []*businessRow
	query := filtered(db.bun.NewSelect().Model(&rows).Relation("Contacts", byConfidence), f)
	if after != nil {
		query = order.after(query, *after)
	}
	err := order.apply(query).Limit(int64(size)).Scan(ctx)
	return rows, err
}
