package export

import (
	"bytes"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"leadstream/app"
)

// TestFullSheetIsFollowedByAnother has sheets of three rows.
func TestFullSheetIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	e := &xlsxEncoder{to: &file, columns: ownColumns, cells: make([]any, len(ownColumns)), rowsMax: 3}
	for i := range 5 {
		if err := e.Write(app.BusinessView{ID: int64(i), Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
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
