// Command leadstream finds local businesses and their contacts, as background
// jobs behind an API and a dashboard.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

// Exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitInvalid = 2 // settings or arguments
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program, with everything it takes from its surroundings passed in.
func run(ctx context.Context, args, environ []string, out, errOut io.Writer) int {
	root := newRoot(environ)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintln(errOut, "leadstream:", err)
	if _, invalid := errors.AsType[usageError](err); invalid {
		return exitInvalid
	}
	return exitFailed
}

// usageError is a fault of who calls, not of what runs.
type usageError struct{ error }

func newRoot(environ []string) *cobra.Command {
	root := &cobra.Command{
		Use: "leadstream", Short: "Find local businesses and their contacts, as background jobs", SilenceUsage: true, SilenceErrors: true,
		Version: version, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newServe(environ), newDemo(environ), newSandbox(), newConfig(environ), newMigrate(environ), newExport(environ), newVersion())
	root.AddCommand(newJobs(environ), newPoison(environ), newQueues(environ), newScrape(environ), newDoctor(environ))
	root.InitDefaultCompletionCmd()
	usage(root)
	return root
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { cmd.Println("leadstream", version) },
	}
}
