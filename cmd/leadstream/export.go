package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/ports/export"
)

// exportFlags are the command's flags; has holds what must be known of a lead.
type exportFlags struct {
	format, preset, output, status string
	has                            []string
	filter                         app.BusinessFilter
}

func newExport(environ []string) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use: "export", Short: "Write leads to a file, straight from the database", Args: cobra.NoArgs,
		Example: "  leadstream export --format xlsx --output leads.xlsx\n  leadstream export --preset hubspot --has email > leads.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			kind, err := f.parse()
			if err != nil {
				return err
			}
			c, err := loadConfig(environ)
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd.Context(), c, newLogger(c, cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			leads := app.New(app.Needs{Export: db})
			if f.output == "" || f.output == "-" {
				return writeLeads(cmd.Context(), leads, kind, f.filter, cmd.OutOrStdout())
			}
			return replaceFile(f.output, func(w io.Writer) error { return writeLeads(cmd.Context(), leads, kind, f.filter, w) })
		},
	}
	f.register(cmd)
	return cmd
}

func (f *exportFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "csv", "kind of file: "+strings.Join(export.Formats(), ", "))
	flags.StringVar(&f.preset, "preset", "leadstream", "for whom the columns are: "+strings.Join(export.Presets(), ", "))
	flags.StringVarP(&f.output, "output", "o", "", "file to write; without, standard output")
	flags.StringVar(&f.filter.Text, "query", "", "part of name, address or category")
	flags.StringVar(&f.filter.City, "city", "", "leads of this city")
	flags.StringVar(&f.filter.BusinessType, "business-type", "", "leads found by this search")
	flags.StringVar(&f.status, "enrichment-status", "", "pending, enriched, no_contacts or failed")
	flags.StringVar(&f.filter.JobID, "job", "", "leads that this scrape first saw")
	flags.StringSliceVar(&f.has, "has", nil, "what must be known: email, phone, website")
	flags.StringVar(&f.filter.Sort, "sort", "-created_at", "created_at, updated_at, name or rating; with a leading - descending")
	flags.IntVar(&f.filter.Limit, "limit", 0, "leads at most; 0 is all")
	for flag, values := range map[string][]string{
		"format": export.Formats(), "preset": export.Presets(), "has": {"email", "phone", "website"},
		"enrichment-status": {"pending", "enriched", "no_contacts", "failed"},
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flags are there
	}
}

// parse reports every faulty flag at once.
func (f *exportFlags) parse() (export.Kind, error) {
	kind, err := export.Parse(f.format, f.preset)
	faults := []error{err}
	if f.status != "" {
		var faulty error
		if f.filter.EnrichmentStatus, faulty = business.ParseEnrichmentStatus(f.status); faulty != nil {
			faults = append(faults, fmt.Errorf("--enrichment-status: %w", faulty))
		}
	}
	for _, what := range f.has {
		switch what {
		case "email":
			f.filter.HasEmail = true
		case "phone":
			f.filter.HasPhone = true
		case "website":
			f.filter.HasWebsite = true
		default:
			faults = append(faults, fmt.Errorf("--has: must be email, phone or website, not %q", what))
		}
	}
	if f.filter.Limit < 0 {
		faults = append(faults, errors.New("--limit: must not be negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return export.Kind{}, usageError{errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))}
	}
	return kind, nil
}

func writeLeads(ctx context.Context, leads *app.App, kind export.Kind, filter app.BusinessFilter, w io.Writer) error {
	buffer := bufio.NewWriterSize(w, 64<<10)
	encoder, err := kind.Encoder(buffer)
	if err != nil {
		return err
	}
	if err := leads.ExportBusinesses(ctx, filter, encoder.Write); err != nil {
		if fault.Is(err, fault.Invalid) {
			return usageError{err}
		}
		return err
	}
	if err := encoder.Close(); err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	return buffer.Flush()
}

// replaceFile leaves a file as it was, or has written it in full.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-")
	if err != nil {
		return fmt.Errorf("creating the file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	return os.Rename(file.Name(), name)
}
