package export

import (
	"archive/zip"
	"fmt"
	"io"

	"leadstream/app"
)

// xlsxEncoder writes a workbook while its rows come: a sheet is the open entry
// of the archive, so that neither memory nor disk hold more than one row.
// excelize, which reads it in the tests, packs a workbook when it is complete,
// and needs twice the memory of the other formats for it.
type xlsxEncoder struct {
	archive *zip.Writer
	sheet   io.Writer // the open entry; nil before the first
	columns []column
	line    []byte // the row under way
	sheets  int
	row     int // the last one written on the sheet
	rowsMax int // of one sheet
}

func newXLSX(w io.Writer, p preset) (Encoder, error) {
	return &xlsxEncoder{archive: zip.NewWriter(w), columns: p.columns, rowsMax: sheetRows}, nil
}

// begin opens a sheet with the columns' names, where the last one is full or there is none.
func (e *xlsxEncoder) begin() error {
	if e.sheet != nil && e.row < e.rowsMax {
		return nil
	}
	if err := e.endSheet(); err != nil {
		return err
	}
	if e.sheets == 0 { // in front, where programs look to tell what the file is
		if err := e.parts(partsInFront); err != nil {
			return err
		}
	}
	e.sheets++
	var err error
	if e.sheet, err = e.archive.Create(sheetPath(e.sheets)); err != nil {
		return fmt.Errorf("opening a sheet: %w", err)
	}
	if _, err := io.WriteString(e.sheet, sheetHead); err != nil {
		return fmt.Errorf("opening a sheet: %w", err)
	}
	e.row = 0
	return e.add(func(c column) any { return c.name })
}

// add writes a row.
func (e *xlsxEncoder) add(value func(column) any) error {
	e.row++
	e.line = fmt.Appendf(e.line[:0], `<row r="%d">`, e.row)
	for i, c := range e.columns {
		e.line = appendCell(e.line, i, e.row, value(c))
	}
	e.line = append(e.line, "</row>"...)
	if _, err := e.sheet.Write(e.line); err != nil {
		return fmt.Errorf("writing a row: %w", err)
	}
	return nil
}

// Write adds a row. Texts are cells of the type text, which no spreadsheet takes for formulas.
func (e *xlsxEncoder) Write(b app.BusinessView) error {
	if err := e.begin(); err != nil {
		return err
	}
	return e.add(func(c column) any { return c.value(b) })
}

func (e *xlsxEncoder) endSheet() error {
	if e.sheet == nil {
		return nil
	}
	if _, err := io.WriteString(e.sheet, sheetTail); err != nil {
		return fmt.Errorf("ending a sheet: %w", err)
	}
	return nil
}

// Close ends the last sheet, and writes which there are.
func (e *xlsxEncoder) Close() error {
	if err := e.begin(); err != nil {
		return err
	}
	if err := e.endSheet(); err != nil {
		return err
	}
	if err := e.parts(workbook(e.sheets)); err != nil {
		return err
	}
	if err := e.archive.Close(); err != nil {
		return fmt.Errorf("ending the workbook: %w", err)
	}
	return nil
}

// parts writes entries of the archive.
func (e *xlsxEncoder) parts(parts []part) error {
	for _, p := range parts {
		entry, err := e.archive.Create(p.path)
		if err == nil {
			_, err = io.WriteString(entry, p.text)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", p.path, err)
		}
	}
	return nil
}
