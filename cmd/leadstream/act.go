package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// usage makes what cobra itself refuses, of this command and those below it, a
// fault of who calls.
func usage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		usage(c)
	}
}

// complete offers values for a flag.
func complete(cmd *cobra.Command, flag string, values []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flag is the command's
}

// completeIDs offers the ids on a page of the service's; without a service there is nothing to offer.
func completeIDs[T any](o *connection, path string, ids func(page T) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		var page T
		c, err := o.open()
		if err == nil {
			err = c.call(cmd.Context(), http.MethodGet, path, nil, &page)
		}
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ids(page), cobra.ShellCompDirectiveNoFileComp
	}
}

// show reads one answer and prints it: as it is for programs, by tell for people.
func show[T any](cmd *cobra.Command, o *connection, path string, tell func(T) error) error {
	c, err := o.open()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := c.call(cmd.Context(), http.MethodGet, path, nil, &raw); err != nil {
		return err
	}
	if o.asJSON {
		return printJSON(cmd.OutOrStdout(), raw)
	}
	var answer T
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return tell(answer)
}

// more tells, beside the table, that there are further pages.
func more(cmd *cobra.Command, shown, total int, cursor string) error {
	if cursor == "" {
		return nil
	}
	_, err := fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d; go on with --cursor %s\n", shown, total, cursor)
	return err
}

// act does one thing, and prints what the service says of it.
func act(cmd *cobra.Command, o *connection, method, path string) error {
	c, err := o.open()
	if err != nil {
		return err
	}
	return c.do(cmd, o, method, path)
}

func (c *client) do(cmd *cobra.Command, o *connection, method, path string) error {
	var raw json.RawMessage
	if err := c.call(cmd.Context(), method, path, nil, &raw); err != nil {
		return err
	}
	if o.asJSON {
		return printLine(cmd, o, raw, "")
	}
	var answer struct {
		Message  string `json:"message"`
		Retried  *int   `json:"retried"`
		Requeued *int   `json:"requeued"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch {
	case answer.Retried != nil:
		answer.Message = fmt.Sprintf("%d jobs run again", *answer.Retried)
	case answer.Requeued != nil:
		answer.Message = fmt.Sprintf("%d entries requeued", *answer.Requeued)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), plain(answer.Message))
	return err
}

// each does the same to several things. One that is refused does not keep the
// others from it; the last refusal is the command's error.
func each(cmd *cobra.Command, o *connection, ids []string, request func(id string) (method, path string)) error {
	c, err := o.open()
	if err != nil {
		return err
	}
	var last error
	for i, id := range ids {
		method, path := request(id)
		err := c.do(cmd, o, method, path)
		if err == nil {
			continue
		}
		if last != nil {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "leadstream:", last)
		}
		if last = fmt.Errorf("%s: %w", id, err); i < len(ids)-1 && cmd.Context().Err() != nil {
			break
		}
	}
	return last
}

// idsOr wants either ids or the flag that means all.
func idsOr(ids []string, all bool, flag string) error {
	if all == (len(ids) > 0) {
		return fmt.Errorf("name one or more ids, or %s", flag)
	}
	return nil
}
