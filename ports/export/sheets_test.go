package export

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"leadstream/app"
)

// TestFullSheetIsFollowedByAnother has sheets of three rows.
func TestFullSheetIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	e := &xlsxEncoder{archive: zip.NewWriter(&file), columns: ownColumns, rowsMax: 3}
	for i := range 5 {
		if err := e.Write(app.BusinessView{ID: int64(i), Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	book := readBack(t, e, &file)
	if sheets := book.GetSheetList(); !slices.Equal(sheets, []string{"Leads 1", "Leads 2", "Leads 3"}) {
		t.Fatalf("sheets %v", sheets)
	}
	for sheet, ids := range map[string][]string{"Leads 1": {"id", "0", "1"}, "Leads 2": {"id", "2", "3"}, "Leads 3": {"id", "4"}} {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range rows {
			got = append(got, row[0])
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%s holds %v, want %v", sheet, got, ids)
		}
	}
}

// readBack closes what was encoded into a file, and opens that with another's code.
func readBack(t *testing.T, e *xlsxEncoder, file *bytes.Buffer) *excelize.File {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	return book
}

// TestCellsHoldAnyText reads back what XML and Excel write in other words.
func TestCellsHoldAnyText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`a & b < c > "d" 'e'`: "", "  spaces  ": "", "two\nlines\tand tabs": "", "_x0041_ is no A": "", "_x005F_x0041_": "", "ÄÖÜ 😀 ñ": "",
		"=1+1": "", "nul\x00": "nul\uFFFD", "bad\xff": "bad\uFFFD", "\ufffe": "\uFFFD",
	} {
		if want == "" {
			want = text
		}
		columns := make([]column, 30) // beyond Z
		for i := range columns {
			columns[i] = column{fmt.Sprint(i), func(app.BusinessView) any { return text }}
		}
		var file bytes.Buffer
		e := &xlsxEncoder{archive: zip.NewWriter(&file), columns: columns, rowsMax: sheetRows}
		if err := e.Write(app.BusinessView{}); err != nil {
			t.Fatal(err)
		}
		book := readBack(t, e, &file)
		for _, cell := range []string{"A2", "Z2", "AA2", "AD2"} {
			if got, err := book.GetCellValue("Leads 1", cell); err != nil || got != want {
				t.Errorf("%s of %q is %q, %v", cell, text, got, err)
			}
		}
	}
}
