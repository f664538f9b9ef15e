package googlemaps

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-rod/rod"

	"leadstream/app"
)

// maxEvidence is how many files are kept, the newest.
const maxEvidence = 20

// evidence keeps what an unknown page looked like.
type evidence struct {
	folder string
	now    app.Clock
}

// keep saves a page's picture and HTML, and notes where.
func (e evidence) keep(page *rod.Page, see app.Sightings) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	page = page.Context(ctx)
	if err := os.MkdirAll(e.folder, 0o700); err != nil {
		see.Note("error", "evidence not kept: "+err.Error())
		return
	}
	name := filepath.Join(e.folder, e.now().UTC().Format("20060102-150405.000"))
	if html, err := page.HTML(); err == nil && os.WriteFile(name+".html", []byte(html), 0o600) == nil {
		see.Note("error", "the page is kept in "+name+".html")
	}
	if picture, err := page.Screenshot(false, nil); err == nil && os.WriteFile(name+".png", picture, 0o600) == nil {
		see.Note("error", "its picture is kept in "+name+".png")
	}
	e.trim()
}

func (e evidence) trim() {
	files, _ := filepath.Glob(filepath.Join(e.folder, "*"))
	slices.Sort(files) // their names are times
	for len(files) > maxEvidence {
		_ = os.Remove(files[0])
		files = files[1:]
	}
}
