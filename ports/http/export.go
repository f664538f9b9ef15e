package http

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/ports/export"
)

const (
	exportPath = "/api/businesses/export"
	// maxExports bounds the downloads of one process, each of which holds memory and a reader of the database.
	maxExports   = 8
	exportBuffer = 64 << 10
	// stalledAfter ends a download whose client takes nothing.
	stalledAfter = time.Minute
)

type exportQuery struct {
	LeadFilter

	Format   string `query:"format" enum:"csv,xlsx,json,geojson" default:"csv"`
	Preset   string `query:"preset" enum:"leadstream,apify,hubspot,salesforce" default:"leadstream" doc:"For whom the columns are"`
	Limit    int    `query:"limit" minimum:"1" doc:"Leads altogether; without, all"`
	Encoding string `header:"Accept-Encoding" hidden:"true"`
}

// registerExport must come before the route of one lead, whose id would match too.
func (h handlers) registerExport(api huma.API) {
	operation := get("export-businesses", exportPath, "businesses", "Download leads as a file", 400, 503)
	operation.Description = "Streamed, however many there are. A download that breaks off before its end is not complete."
	register(api, operation, h.export)
	content := map[string]*huma.MediaType{}
	for _, format := range export.Formats() {
		kind, _ := export.Parse(format, "") // one of its own names
		mediaType, _, _ := strings.Cut(kind.ContentType(), ";")
		schema := &huma.Schema{Type: huma.TypeString, Description: "The bytes of the file"}
		switch format {
		case "json":
			schema = &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject}}
		case "geojson":
			schema = &huma.Schema{Type: huma.TypeObject}
		}
		content[mediaType] = &huma.MediaType{Schema: schema}
	}
	api.OpenAPI().Paths[exportPath].Get.Responses["200"] = &huma.Response{
		Description: "The file", Content: content,
		Headers: map[string]*huma.Param{"Content-Disposition": {Description: "Its name", Schema: &huma.Schema{Type: huma.TypeString}}},
	}
}

func (h handlers) export(ctx context.Context, in *exportQuery) (*huma.StreamResponse, error) {
	kind, err := export.Parse(in.Format, in.Preset)
	if err != nil {
		return nil, h.answer(ctx, err, "query.")
	}
	filter := in.filter()
	filter.Limit = in.Limit
	packed := strings.Contains(in.Encoding, "gzip") && in.Format != "xlsx"
	file, err := h.downloads.start(ctx, h.app, kind, filter, packed)
	if err != nil {
		return nil, h.answer(ctx, err, "query.")
	}
	return &huma.StreamResponse{Body: func(answer huma.Context) {
		answer.SetHeader("Content-Type", kind.ContentType())
		answer.SetHeader("Content-Disposition", `attachment; filename="`+kind.FileName()+`"`)
		answer.SetHeader("Vary", "Accept-Encoding")
		if packed {
			answer.SetHeader("Content-Encoding", "gzip")
		}
		c := humafiber.Unwrap(answer).Context()
		c.SetBodyStream(&download{file, c.Conn()}, -1)
	}}, nil
}

// download is a file as the connection takes it. The connection is closed
// before the end of a file that cannot be completed, so that clients notice.
type download struct {
	*io.PipeReader

	conn net.Conn
}

// Read allows the connection some time to take what is read.
func (d *download) Read(p []byte) (int, error) {
	if err := d.conn.SetWriteDeadline(time.Now().Add(stalledAfter)); err != nil {
		return 0, err
	}
	return d.PipeReader.Read(p)
}

// Close lets the connection be used for other answers.
func (d *download) Close() error {
	return errors.Join(d.PipeReader.Close(), d.conn.SetWriteDeadline(time.Time{}))
}

// downloads are the exports under way.
type downloads struct {
	ctx   context.Context // ends with the server
	end   context.CancelFunc
	slots chan struct{}
}

func newDownloads() *downloads {
	d := &downloads{slots: make(chan struct{}, maxExports)}
	d.ctx, d.end = context.WithCancel(context.Background())
	return d
}

// start answers when the first lead is read, so that what prevents the file is
// still told as an error.
func (d *downloads) start(ctx context.Context, a *app.App, kind export.Kind, filter app.BusinessFilter, packed bool) (*io.PipeReader, error) {
	select {
	case d.slots <- struct{}{}:
	default:
		return nil, fault.Transientf("%d downloads are under way", maxExports)
	}
	reader, writer := io.Pipe()
	began := make(chan error, 1)
	var once sync.Once
	begin := func(err error) { once.Do(func() { began <- err }) }
	go func() {
		defer func() { <-d.slots }()
		err := d.write(a, kind, filter, packed, writer, func() { begin(nil) })
		begin(err)
		writer.CloseWithError(err)
	}()
	select {
	case err := <-began:
		return reader, err
	case <-ctx.Done():
		_ = reader.Close()
		return nil, fault.Unavailablef("waiting for the first lead: %w", ctx.Err())
	}
}

func (d *downloads) write(a *app.App, kind export.Kind, filter app.BusinessFilter, packed bool, to io.Writer, begin func()) error {
	buffer := bufio.NewWriterSize(to, exportBuffer)
	file, finish := io.Writer(buffer), func() error { return nil }
	if packed {
		pack := gzip.NewWriter(buffer)
		file, finish = pack, pack.Close
	}
	encoder, err := kind.Encoder(file)
	if err != nil {
		return err
	}
	err = a.ExportBusinesses(d.ctx, filter, func(b app.BusinessView) error {
		begin()
		return encoder.Write(b)
	})
	if err != nil {
		return err
	}
	begin() // also without a lead
	for _, step := range []func() error{encoder.Close, finish, buffer.Flush} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// isExport keeps the middleware's compression, which hides that a file breaks off, from downloads.
func isExport(path string) bool { return strings.EqualFold(strings.TrimSuffix(path, "/"), exportPath) }
