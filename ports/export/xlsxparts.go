package export

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a sheet: ECMA-376 leaves them to programs, and these are Excel's.
const (
	sheetRows = 1 << 20
	cellRunes = 32767
)

// part is an entry of the archive that a workbook is (ECMA-376, part 2).
type part struct{ path, text string }

const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	nsMain        = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	nsOffice      = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	nsPackage     = "http://schemas.openxmlformats.org/package/2006/"
	typeOffice    = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	workbookPath  = "xl/workbook.xml"
	relationsHead = xmlHead + `<Relationships xmlns="` + nsPackage + `relationships">`
	relationsTail = `</Relationships>`

	// sheetHead keeps the heading in sight.
	sheetHead = xmlHead + `<worksheet xmlns="` + nsMain + `"><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`
	sheetTail = `</sheetData></worksheet>`
)

// partsInFront do not depend on how many sheets follow: XML is a sheet unless it says otherwise.
var partsInFront = []part{
	{"[Content_Types].xml", xmlHead + `<Types xmlns="` + nsPackage + `content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="` + typeOffice + `worksheet+xml"/>` +
		`<Override PartName="/` + workbookPath + `" ContentType="` + typeOffice + `sheet.main+xml"/></Types>`},
	{"_rels/.rels", relationsHead + `<Relationship Id="rId1" Type="` + nsOffice + `/officeDocument" Target="` + workbookPath + `"/>` + relationsTail},
}

func sheetPath(n int) string { return fmt.Sprintf("xl/worksheets/sheet%d.xml", n) }

// workbook lists the sheets.
func workbook(sheets int) []part {
	var names, relations strings.Builder
	for n := 1; n <= sheets; n++ {
		_, _ = fmt.Fprintf(&names, `<sheet name="Leads %d" sheetId="%d" r:id="rId%d"/>`, n, n, n)
		_, _ = fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, nsOffice, n)
	}
	return []part{
		{workbookPath, xmlHead + `<workbook xmlns="` + nsMain + `" xmlns:r="` + nsOffice + `"><sheets>` + names.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", relationsHead + relations.String() + relationsTail},
	}
}

// appendCell leaves an empty cell out.
func appendCell(line []byte, column, row int, value any) []byte {
	var number []byte
	switch v := value.(type) {
	case nil:
		return line
	case string:
		return appendText(line, column, row, v)
	case int:
		number = strconv.AppendInt(nil, int64(v), 10)
	case int64:
		number = strconv.AppendInt(nil, v, 10)
	case float64:
		number = strconv.AppendFloat(nil, v, 'g', -1, 64)
	default:
		return appendText(line, column, row, fmt.Sprint(v))
	}
	line = append(appendReference(append(line, `<c r="`...), column, row), `"><v>`...)
	return append(append(line, number...), "</v></c>"...)
}

func appendText(line []byte, column, row int, text string) []byte {
	if text == "" {
		return line
	}
	line = append(appendReference(append(line, `<c r="`...), column, row), `" t="inlineStr"><is><t xml:space="preserve">`...)
	line = appendEscaped(line, cut(text))
	return append(line, "</t></is></c>"...)
}

// cut shortens what a cell cannot hold.
func cut(text string) string {
	if len(text) <= cellRunes || utf8.RuneCountInString(text) <= cellRunes {
		return text
	}
	return string([]rune(text)[:cellRunes])
}

// coded is how a character that XML cannot hold stands in a cell (ECMA-376
// part 1, ST_Xstring). Texts that only look so are coded themselves.
var coded = regexp.MustCompile(`^_x[0-9a-fA-F]{4}_`)

// code goes on behind the first character: "_x0041_x0042_" looks so twice.
func code(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '_' && coded.MatchString(text[i:]) {
			b.WriteString("_x005F")
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func appendEscaped(line []byte, text string) []byte {
	if strings.Contains(text, "_x") {
		text = code(text)
	}
	if !strings.ContainsFunc(text, special) {
		return append(line, text...)
	}
	buffer := bytes.NewBuffer(line)
	_ = xml.EscapeText(buffer, []byte(text)) // a buffer takes everything
	return buffer.Bytes()
}

// special characters are not written as they are; XML has none for most below space.
func special(r rune) bool {
	return r < ' ' || strings.ContainsRune(`&<>"'`, r) || r == utf8.RuneError || r > 0xFFFD && r < 0x10000
}

// appendReference appends a cell's name, such as AB7.
func appendReference(line []byte, column, row int) []byte {
	if column >= 26 {
		line = append(line, byte('A'+column/26-1))
	}
	return strconv.AppendInt(append(line, byte('A'+column%26)), int64(row), 10)
}
