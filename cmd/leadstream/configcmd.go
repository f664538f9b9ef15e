package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"leadstream/config"
)

// loadConfig reads the settings; faults are the caller's.
func loadConfig(environ []string) (config.Config, error) {
	c, err := config.Load(environ, ".env")
	if err != nil {
		return config.Config{}, usageError{err}
	}
	return c, nil
}

func newConfig(environ []string) *cobra.Command {
	var asJSON, example bool
	cmd := &cobra.Command{
		Use: "config", Short: "Print the settings in force, secrets masked", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if example {
				cmd.Print(config.Example())
				return nil
			}
			c, err := loadConfig(environ)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(c.Describe())
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			_, _ = fmt.Fprintln(table, "SETTING\tVALUE\tWHAT IT DOES")
			for _, s := range c.Describe() {
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.Value, s.Doc)
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&example, "example", false, "print an .env file of every setting with its default")
	return cmd
}

func newMigrate(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "Bring the database's schema up to date", Args: cobra.NoArgs}
	cmd.AddCommand(
		&cobra.Command{Use: "up", Short: "Apply every migration that is missing", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(environ)
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd.Context(), c, newLogger(c, cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return db.Close()
		}},
		&cobra.Command{Use: "status", Short: "List the migrations", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(environ)
			if err != nil {
				return err
			}
			return migrationStatus(cmd, c)
		}},
	)
	return cmd
}
