package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/uptrace/bun"

	"leadstream/domain/business"
	"leadstream/domain/fault"
)

// saveTries is how often a save begins anew when another process saves the
// same place at the same moment.
const saveTries = 5

// SaveFound keeps a found place once. Of two processes that save it at the
// same time one inserts, and the other finds it then.
func (db *DB) SaveFound(ctx context.Context, found business.Found) (business.Business, bool, error) {
	found.Place, found.BusinessType = cleanPlace(found.Place), clean(found.BusinessType)
	if err := found.Validate(); err != nil {
		return business.Business{}, false, err
	}
	for try := 1; ; try++ {
		saved, created, err := db.trySave(ctx, found)
		if err == nil {
			return saved, created, nil
		}
		if try == saveTries || !overtaken(err) {
			return business.Business{}, false, classify(fmt.Errorf("saving %q: %w", found.Place.Name, err))
		}
	}
}

func (db *DB) trySave(ctx context.Context, found business.Found) (saved business.Business, created bool, err error) {
	err = db.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		row, claims, err := db.findKnown(ctx, tx, found.Place)
		if err != nil {
			return err
		}
		created = row == nil
		if created {
			row, err = db.insert(ctx, tx, found, claims)
		} else {
			err = db.complete(ctx, tx, row, found, claims)
		}
		if err != nil {
			return err
		}
		if err := db.addShown(ctx, tx, row, found.Place.Contacts); err != nil {
			return err
		}
		saved = row.business()
		return nil
	})
	return saved, created, err
}

// findKnown finds the lead that a place is another sighting of: by any of its
// ids, else by name and address unless both carry ids. The row is locked
// against other writers. Claims are the keys that are the place's own: name
// and address are not where a lead with other ids has them already.
func (db *DB) findKnown(ctx context.Context, tx bun.Tx, p business.Place) (row *businessRow, claims []string, err error) {
	identity := p.Identity()
	for _, key := range identity.IDs {
		if row, err = db.lockByKey(ctx, tx, key); row != nil || err != nil {
			return row, identity.Keys(), err
		}
	}
	if identity.Name == "" {
		return nil, identity.IDs, nil
	}
	row, err = db.lockByKey(ctx, tx, identity.Name)
	if row != nil && len(identity.IDs) > 0 && len(row.place().Identity().IDs) > 0 {
		return nil, identity.IDs, nil // two places of one name at one address
	}
	return row, identity.Keys(), err
}

func (db *DB) lockByKey(ctx context.Context, tx bun.Tx, key string) (*businessRow, error) {
	row := new(businessRow)
	query := tx.NewSelect().Model(row).Relation("Contacts", byConfidence).
		Where("b.id = (SELECT business_id FROM business_identities WHERE key = ?)", key)
	if db.isPostgres() { // on SQLite a transaction is the only writer
		query = query.For("UPDATE OF b")
	}
	err := query.Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", key, err)
	}
	return row, nil
}

// insert keeps a new lead. Its keys must be free: where one is not, another
// process was faster, and the save begins anew.
func (db *DB) insert(ctx context.Context, tx bun.Tx, found business.Found, claims []string) (*businessRow, error) {
	now := db.timestamp()
	row := &businessRow{
		EnrichmentStatus: business.Pending.String(), FirstSeenJob: found.JobID, Tags: newList(nil), CreatedAt: now, UpdatedAt: now,
	}
	row.fill(found.Place, found.BusinessType)
	if _, err := tx.NewInsert().Model(row).Returning("id").Exec(ctx); err != nil {
		return nil, err
	}
	keys := identityRows(row.ID, claims)
	_, err := tx.NewInsert().Model(&keys).Exec(ctx)
	return row, err
}

// complete fills what the stored lead lacks; what is known is not overwritten,
// and keys that lead to another one stay there.
func (db *DB) complete(ctx context.Context, tx bun.Tx, row *businessRow, found business.Found, claims []string) error {
	known := *row
	row.fill(business.Complete(row.place(), found.Place), cmp.Or(row.BusinessType, found.BusinessType))
	if !reflect.DeepEqual(known, *row) {
		row.UpdatedAt = db.timestamp()
		_, err := tx.NewUpdate().Model(row).WherePK().
			ExcludeColumn("id", "created_at", "first_seen_job", "enrichment_status", "notes", "tags").Exec(ctx)
		if err != nil {
			return err
		}
	}
	keys := identityRows(row.ID, claims)
	_, err := tx.NewInsert().Model(&keys).On("CONFLICT (key) DO NOTHING").Exec(ctx)
	return err
}

func identityRows(id int64, keys []string) []identityRow {
	rows := make([]identityRow, len(keys))
	for i, key := range keys {
		rows[i] = identityRow{Key: key, BusinessID: id}
	}
	return rows
}

// SaveEnrichment sets the status and adds the contacts, each once.
func (db *DB) SaveEnrichment(ctx context.Context, id int64, status business.EnrichmentStatus, contacts []business.Contact) (business.Business, error) {
	err := db.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		now := db.timestamp()
		updated, err := tx.NewUpdate().Table("businesses").Set("enrichment_status = ?", status.String()).
			Set("updated_at = ?", now).Where("id = ?", id).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := updated.RowsAffected(); n == 0 {
			return noBusiness(id)
		}
		return addContacts(ctx, tx, id, contacts, now)
	})
	if err != nil {
		return business.Business{}, classify(fmt.Errorf("saving the enrichment of %d: %w", id, err))
	}
	return db.Business(ctx, id)
}

// addShown adds the contacts that the source itself shows.
func (db *DB) addShown(ctx context.Context, tx bun.Tx, row *businessRow, contacts []business.Contact) error {
	if len(contacts) == 0 {
		return nil
	}
	if err := addContacts(ctx, tx, row.ID, contacts, db.timestamp()); err != nil {
		return err
	}
	row.Contacts = nil
	return byConfidence(tx.NewSelect().Model(&row.Contacts).Where("c.business_id = ?", row.ID)).Scan(ctx)
}

// addContacts keeps, of two sightings of one contact, the more confident.
func addContacts(ctx context.Context, tx bun.Tx, id int64, contacts []business.Contact, at time.Time) error {
	if len(contacts) == 0 {
		return nil
	}
	var rows []*contactRow
	for _, c := range business.Merge(contacts) {
		rows = append(rows, newContactRow(id, c, at))
	}
	insert := tx.NewInsert().Model(&rows).On("CONFLICT (business_id, key) DO UPDATE")
	for _, column := range []string{"value", "name", "position", "personal", "confidence", "provider", "source_url", "verification"} {
		insert = insert.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
	}
	_, err := insert.Where("c.confidence < EXCLUDED.confidence").Exec(ctx)
	return err
}

func noBusiness(id int64) error { return fault.NotFoundf("business %d does not exist", id) }
