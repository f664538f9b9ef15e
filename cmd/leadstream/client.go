package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// connection is how a command reaches the running service: over its HTTP API,
// which knows an embedded Redis as well as a named one.
type connection struct {
	environ []string
	url     string
	token   string
	asJSON  bool
}

// bind adds the flags that say which service is meant.
func (o *connection) bind(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&o.url, "url", "", "address of the service (default LEADSTREAM_URL, else http:// and HTTP_ADDR)")
	flags.StringVar(&o.token, "token", "", "API token (default LEADSTREAM_TOKEN)")
	flags.BoolVar(&o.asJSON, "json", false, "print JSON for programs")
}

// open makes the client that the flags, the environment and the settings tell of.
func (o *connection) open() (*client, error) {
	c := &client{base: cmp.Or(o.url, o.variable("LEADSTREAM_URL")), token: cmp.Or(o.token, o.variable("LEADSTREAM_TOKEN"))}
	if c.base == "" {
		settings, err := loadConfig(o.environ)
		if err != nil {
			return nil, err
		}
		c.base = "http://" + reachable(settings.HTTPAddr)
		if c.token == "" && len(settings.Security.APITokens) > 0 { // our own service's
			c.token = settings.Security.APITokens[0]
		}
	}
	c.base = strings.TrimRight(c.base, "/")
	if u, err := url.Parse(c.base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usageError{fmt.Errorf("--url must begin with http:// or https://")}
	}
	return c, nil
}

func (o *connection) variable(name string) string {
	for _, pair := range o.environ {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// reachable is where a service that listens on addr is met on its own machine.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

const (
	callTimeout    = 30 * time.Second
	maxCallAnswer  = 64 << 20
	maxErrorAnswer = 64 << 10
)

// client calls the service's API.
type client struct{ base, token string }

// refusal is an answer that says no.
type refusal struct {
	Status int    `json:"-"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// Error is all on one line.
func (r refusal) Error() string {
	parts := []string{}
	for _, e := range r.Errors {
		_, field, found := strings.Cut(e.Location, ".")
		if !found {
			field = e.Location
		}
		parts = append(parts, field+" "+e.Message)
	}
	switch {
	case r.Status == http.StatusUnauthorized:
		return "the service wants an API token: give it with --token or LEADSTREAM_TOKEN"
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	default:
		return cmp.Or(r.Detail, r.Title, fmt.Sprintf("the service answered %d", r.Status))
	}
}

// unreachable says that nobody answers.
type unreachable struct{ error }

// call sends a request and decodes the answer, for which into may be nil. What
// the service does not accept is an error of usage.
func (c *client) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return c.lost(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		return refused(response)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxCallAnswer))
	if err != nil {
		return c.lost(ctx, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s does not answer as Leadstream does", c.base)
	}
	return nil
}

func (c *client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	return request, nil
}

func (c *client) lost(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return unreachable{fmt.Errorf("no Leadstream answers at %s (%w): start it with `leadstream serve`, or name another with --url", c.base, err)}
}

func refused(response *http.Response) error {
	r := refusal{}
	raw, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorAnswer)) // what was read says enough
	_ = json.Unmarshal(raw, &r)                                         // another server's page says nothing
	r.Status = response.StatusCode
	if r.Status == http.StatusBadRequest || r.Status == http.StatusUnprocessableEntity {
		return usageError{r}
	}
	return r
}

// in is a path of the API, with the parts escaped.
func in(parts ...string) string {
	path := []string{"/api"}
	for _, p := range parts {
		path = append(path, url.PathEscape(p))
	}
	return strings.Join(path, "/")
}

// asked adds a query; empty values are left out.
func asked(path string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
