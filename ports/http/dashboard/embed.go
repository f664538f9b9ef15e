// Package dashboard holds the pages that the API serves: plain HTML, CSS and
// ES modules, which need no build step and no other server.
package dashboard

import (
	"embed"
	"io/fs"
)

//go:embed static
var static embed.FS

// FS is the folder of the pages, with index.html at its top.
func FS() fs.FS {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return files
}
