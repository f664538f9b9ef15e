package database

import (
	"strings"

	"leadstream/domain/business"
)

// fold makes texts equal that differ by case alone.
func fold(s string) string { return strings.ToLower(clean(s)) }

// clean drops NUL, which Postgres cannot store and bun does not write.
func clean(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// cleanPlace cleans the texts of a place that have columns of their own.
func cleanPlace(p business.Place) business.Place {
	for _, text := range []*string{
		&p.Name, &p.Address, &p.Street, &p.City, &p.State, &p.PostalCode, &p.Country, &p.Phone, &p.PhoneNational, &p.Website, &p.Category,
		&p.Price, &p.DataID, &p.CID, &p.PlaceID, &p.KGMID, &p.OSMID, &p.MapURL, &p.Status, &p.Attribution,
	} {
		*text = clean(*text)
	}
	return p
}

// containing is the LIKE pattern, with \ as its escape, of texts that hold s.
func containing(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(s)) + "%"
}
