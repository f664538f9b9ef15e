package database

import (
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
	if err := found.Validate(); err != nil {
		return business.Business{}, false, err
	}
	for try := 1; ; try++ {
		saved, created, err := db.trySave(ctx, found)
		if err == nil {
			return saved, created, nil
		}
		if try == saveTries || !duplicate(err) && !busy(err) {
			return business.Business{}, false, classify(fmt.Errorf("saving %q: %w", found.Place.Name, err))
		}
	}
}

func (db *DB) trySave(ctx context.Context, found business.Found) (saved business.Business, created bool, err error) {
	err = db.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		row, err := findKnown(ctx, tx, found.Place)
		if err != nil {
			return err
		}
		created = row == nil
		if created {
			row, err = db.insert(ctx, tx, found)
		} else {
			err = db.complete(ctx, tx, row, found.Place)
		}
		if err != nil {
			return err
		}
		if err := addIdentities(ctx, tx, row.ID, found.Place.Identity(), created); err != nil {
			return err
		}
		saved = row.business()
		return nil
	})
	return saved, created, err
}

// findKnown finds the lead that a place is another sighting of: by any of its
// ids, else by name and address unless both carry ids.
func findKnown(ctx context.Context, tx bun.Tx, p business.Place) (*businessRow, error) {
	identity := p.Identity()
	for _, key := range identity.Keys() {
		row := new(businessRow)
		err := tx.NewSelect().Model(row).Relation("Contacts").
			Where("b.id = (SELECT business_id FROM business_identities WHERE key = ?)", key).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", key, err)
		}
		if key == identity.Name && len(identity.IDs) > 0 && len(row.place().Identity().IDs) > 0 {
			continue // two places of one name at one address
		}
		return row, nil
	}
	return nil, nil
}

func (db *DB) insert(ctx context.Context, tx bun.Tx, found business.Found) (*businessRow, error) {
	now := db.timestamp()
	row := &businessRow{
		BusinessType: found.BusinessType, EnrichmentStatus: business.Pending.String(), FirstSeenJob: found.JobID,
		Tags: "[]", CreatedAt: now, UpdatedAt: now,
	}
	row.fill(found.Place)
	_, err := tx.NewInsert().Model(row).Returning("id").Exec(ctx)
	return row, err
}

// complete fills what the stored place lacks; what is known is not overwritten.
func (db *DB) complete(ctx context.Context, tx bun.Tx, row *businessRow, seen business.Place) error {
	known := row.place()
	completed := business.Complete(known, seen)
	if reflect.DeepEqual(known, completed) {
		return nil
	}
	row.fill(completed)
	row.UpdatedAt = db.timestamp()
	_, err := tx.NewUpdate().Model(row).WherePK().ExcludeColumn("id", "created_at", "first_seen_job", "enrichment_status", "notes", "tags").Exec(ctx)
	return err
}

func addIdentities(ctx context.Context, tx bun.Tx, id int64, identity business.Identity, created bool) error {
	var rows []identityRow
	for i, key := range identity.Keys() {
		if created && i == 0 {
			// The strongest key of a new lead must be free: where it is not,
			// another process was faster, and the save begins anew.
			if _, err := tx.NewInsert().Model(&identityRow{Key: key, BusinessID: id}).Exec(ctx); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, identityRow{Key: key, BusinessID: id})
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (key) DO NOTHING").Exec(ctx)
	return err
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

func (db *DB) timestamp() time.Time { return db.now().UTC().Truncate(time.Millisecond) }

func noBusiness(id int64) error { return fault.NotFoundf("business %d does not exist", id) }
