package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"leadstream/app"
)

// byteOrderMark makes spreadsheets read the file as UTF-8.
const byteOrderMark = "\uFEFF"

// csvEncoder writes RFC 4180 with a line of column names.
type csvEncoder struct {
	file    io.Writer
	lines   *csv.Writer
	columns []column
	record  []string
	begun   bool
}

func newCSV(w io.Writer, p preset) (Encoder, error) {
	lines := csv.NewWriter(w)
	lines.UseCRLF = true
	return &csvEncoder{file: w, lines: lines, columns: p.columns, record: make([]string, len(p.columns))}, nil
}

func (e *csvEncoder) begin() error {
	if e.begun {
		return nil
	}
	e.begun = true
	if _, err := io.WriteString(e.file, byteOrderMark); err != nil {
		return err
	}
	for i, c := range e.columns {
		e.record[i] = c.name
	}
	return e.lines.Write(e.record)
}

func (e *csvEncoder) Write(b app.BusinessView) error {
	if err := e.begin(); err != nil {
		return err
	}
	for i, c := range e.columns {
		e.record[i] = text(c.value(b))
	}
	return e.lines.Write(e.record)
}

func (e *csvEncoder) Close() error {
	if err := e.begin(); err != nil {
		return err
	}
	e.lines.Flush()
	return e.lines.Error()
}

// text is a value as a cell of CSV.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return harmless(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// number is what begins as a formula does and is none.
var number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// harmless keeps a spreadsheet from taking a cell for a formula, by the
// apostrophe that marks text. Telephone numbers such as +17325550101 stay as
// they are, for programs read them too.
// https://owasp.org/www-community/attacks/CSV_Injection
func harmless(s string) string {
	first := strings.TrimLeft(s, " \u00a0\ufeff")
	if first == "" || !strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", firstRune(first)) || number.MatchString(s) {
		return s
	}
	return "'" + s
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}
