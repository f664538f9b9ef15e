package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/uptrace/bun/driver/pgdriver"
	"modernc.org/sqlite"

	"leadstream/domain/fault"
)

// Result codes of https://www.sqlite.org/rescode.html
const (
	sqliteBusy     = 5
	sqliteIO       = 10
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteKey      = 1555 // SQLITE_CONSTRAINT_PRIMARYKEY
	sqliteUnique   = 2067 // SQLITE_CONSTRAINT_UNIQUE
)

// Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	pgConnection = "08"
	pgResources  = "53" // too many connections, disk full
	pgOperator   = "57" // shutting down, starting up, terminated
	pgSystem     = "58" // input and output
	pgUnique     = "23505"
	pgSerialize  = "40001"
	pgDeadlock   = "40P01"

	pgTableExists  = "42P07"
	pgObjectExists = "42710"
)

// classify tells the application whether the database was away or busy, which
// passes, or the fault is ours.
func classify(err error) error {
	switch {
	case err == nil || fault.KindOf(err) != fault.Internal || errors.Is(err, context.Canceled):
		return err
	case busy(err):
		return fault.Transientf("the database is busy: %w", err)
	case away(err):
		return fault.Unavailablef("the database is not available: %w", err)
	default:
		return err
	}
}

// busy reports whether other writers stood in the way for as long as SQLite
// waits, or Postgres chose this one to give way.
func busy(err error) bool { return sqliteCode(err)&0xff == sqliteBusy || gaveWay(err) }

// overtaken reports whether another writer was there first, so that the same
// transaction finds its work when it begins anew.
func overtaken(err error) bool { return duplicate(err) || gaveWay(err) }

func gaveWay(err error) bool {
	code := pgCode(err)
	return code == pgSerialize || code == pgDeadlock
}

// duplicate reports whether a row with that unique value is there already.
func duplicate(err error) bool {
	code := sqliteCode(err)
	return code == sqliteUnique || code == sqliteKey || pgCode(err) == pgUnique
}

// exists reports whether another process made the same table or index at the
// same moment, which Postgres reports in three ways.
func exists(err error) bool {
	code := pgCode(err)
	return duplicate(err) || code == pgTableExists || code == pgObjectExists
}

// away reports whether the server or the disk did not serve; a deadline that
// passed is among it, being a net.Error.
func away(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone} {
		if errors.Is(err, lost) {
			return true
		}
	}
	if code := pgCode(err); code != "" {
		return slices.Contains([]string{pgConnection, pgResources, pgOperator, pgSystem}, code[:2])
	}
	return slices.Contains([]int{sqliteIO, sqliteFull, sqliteCantOpen}, sqliteCode(err)&0xff)
}

// sqliteCode is SQLite's extended result code, 0 when the error is not SQLite's.
func sqliteCode(err error) int {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()
	}
	return 0
}

// pgCode is the SQLSTATE, of five characters; empty when the error is not Postgres's.
func pgCode(err error) string {
	if pg, ok := errors.AsType[pgdriver.Error](err); ok {
		return pg.Field('C')
	}
	return ""
}
