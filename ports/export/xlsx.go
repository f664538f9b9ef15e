package export

import (
	"archive/zip"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"leadstream/app"
)

// xlsxEncoder writes a workbook. Its rows wait in a file of the system's
// temporary folder, since a workbook can only be packed when it is complete.
type xlsxEncoder struct {
	to      io.Writer
	book    *excelize.File
	sheet   *excelize.StreamWriter
	columns []column
	cells   []any
	sheets  int
	row     int // the last one written on the sheet
	rowsMax int // of one sheet
}

func newXLSX(w io.Writer, p preset) (Encoder, error) {
	return &xlsxEncoder{to: w, columns: p.columns, cells: make([]any, len(p.columns)), rowsMax: excelize.TotalRows}, nil
}

// begin opens a sheet with the columns' names, where the last one is full or there is none.
func (e *xlsxEncoder) begin() (err error) {
	if e.sheet != nil && e.row < e.rowsMax {
		return nil
	}
	if err := e.endSheet(); err != nil {
		return err
	}
	e.sheets++
	name := fmt.Sprintf("Leads %d", e.sheets)
	if e.book == nil {
		e.book = excelize.NewFile()
		err = e.book.SetSheetName("Sheet1", name)
	} else {
		_, err = e.book.NewSheet(name)
	}
	if err != nil {
		return fmt.Errorf("creating a sheet: %w", err)
	}
	if e.sheet, err = e.book.NewStreamWriter(name); err != nil {
		return fmt.Errorf("opening a sheet: %w", err)
	}
	if err := e.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("freezing the heading: %w", err)
	}
	for i, c := range e.columns {
		e.cells[i] = c.name
	}
	e.row = 0
	return e.add()
}

func (e *xlsxEncoder) add() error {
	e.row++
	if err := e.sheet.SetRow(fmt.Sprintf("A%d", e.row), e.cells); err != nil {
		return fmt.Errorf("writing a row: %w", err)
	}
	return nil
}

// Write adds a row. Texts are cells of the type text, which no spreadsheet takes for formulas.
func (e *xlsxEncoder) Write(b app.BusinessView) error {
	if err := e.begin(); err != nil {
		return err
	}
	for i, c := range e.columns {
		e.cells[i] = c.value(b)
		if s, ok := e.cells[i].(string); ok {
			e.cells[i] = cell(s)
		}
	}
	return e.add()
}

// cell leaves an empty cell out, and cuts what a cell cannot hold.
func cell(s string) any {
	if s == "" {
		return nil
	}
	if runes := []rune(s); len(s) > excelize.TotalCellChars && len(runes) > excelize.TotalCellChars {
		return string(runes[:excelize.TotalCellChars])
	}
	return s
}

func (e *xlsxEncoder) endSheet() error {
	if e.sheet == nil {
		return nil
	}
	if err := e.sheet.Flush(); err != nil {
		return fmt.Errorf("ending a sheet: %w", err)
	}
	return nil
}

// Close packs the workbook. What packs it writes to the file itself, and not
// to the memory that excelize would fill.
func (e *xlsxEncoder) Close() error {
	if err := e.begin(); err != nil {
		return err
	}
	if err := e.endSheet(); err != nil {
		return err
	}
	e.book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(e.to) })
	if _, err := e.book.WriteToBuffer(); err != nil {
		return fmt.Errorf("packing the workbook: %w", err)
	}
	e.Discard()
	return nil
}

// Discard removes the temporary file.
func (e *xlsxEncoder) Discard() {
	if e.book != nil {
		_ = e.book.Close() // what it may leave lies in the temporary folder
		e.book = nil
	}
}
