// Package leadstream holds no code of its own: its test keeps the folders to
// the dependency rule.
package leadstream

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"
)

// rule says what the packages of a folder may import beside themselves and
// the standard library. The rule of the longest matching folder holds.
type rule struct {
	folder  string
	imports []string
	without []string // of the standard library
	tests   []string // what their tests may import besides, with forTests
}

const everything = "*"

var (
	core     = []string{"leadstream/app", "leadstream/domain"}
	forTests = []string{"leadstream/internal/outbound", "leadstream/internal/sandbox", "leadstream/internal/testenv", "go.uber.org/goleak"}
)

const (
	rod         = "github.com/go-rod/rod"
	redis       = "github.com/redis/go-redis"
	watermill   = "github.com/ThreeDotsLabs/watermill"
	redisstream = "github.com/ThreeDotsLabs/watermill-redisstream"
	otel        = "go.opentelemetry.io/otel"
	phone       = "leadstream/internal/phone"
	outbound    = "leadstream/internal/outbound"
	phones      = "github.com/nyaruka/phonenumbers"
	xnet        = "golang.org/x/net"
	rapid       = "pgregory.net/rapid"
	xtime       = "golang.org/x/time"
)

func coreAnd(more ...string) []string { return append(slices.Clone(core), more...) }

var rules = []rule{
	{folder: "domain", without: []string{"net/http", "database/sql"}},
	{folder: "app", imports: []string{"leadstream/domain"}},
	{folder: "config", imports: []string{"github.com/caarlos0/env", "github.com/joho/godotenv"}},

	// Its own encoders, as the command line has them.
	{folder: "ports/http", imports: coreAnd("leadstream/ports/export", "github.com/gofiber/fiber", "github.com/danielgtaylor/huma", "github.com/prometheus/client_golang", otel), tests: []string{"github.com/pb33f"}},
	{folder: "ports/http/dashboard"},
	{folder: "ports/export", imports: core, tests: []string{"github.com/xuri/excelize"}},
	{folder: "ports/ws", imports: coreAnd("github.com/gofiber/fiber", "github.com/gofiber/contrib/websocket", "github.com/fasthttp/websocket")},
	{folder: "ports/messages", imports: coreAnd(watermill, otel)},

	{folder: "adapters/alerts", imports: coreAnd(redis)},
	{folder: "adapters/apify", imports: coreAnd(outbound, phone, xtime)},
	{folder: "adapters/breaker", imports: coreAnd(redis, "github.com/sony/gobreaker")},
	{folder: "adapters/database", imports: coreAnd("github.com/uptrace/bun", "modernc.org/sqlite")},
	{folder: "adapters/domaincache", imports: coreAnd(redis, "github.com/google/uuid")},
	{folder: "adapters/eventstream", imports: coreAnd(redis, watermill, redisstream, "github.com/google/uuid", otel)},
	{folder: "adapters/googlemaps", imports: coreAnd(rod, phone, "github.com/prometheus/client_golang")},
	{folder: "adapters/hunter", imports: coreAnd(outbound, redis, "github.com/google/uuid", xnet), tests: []string{"leadstream/adapters/breaker", "leadstream/adapters/domaincache"}},
	// The one adapter on another: workqueue is a library that could be published by itself, and jobstore's driver.
	{folder: "adapters/jobstore", imports: coreAnd("leadstream/adapters/workqueue", redis, watermill), tests: []string{rapid}},
	{folder: "adapters/localredis", imports: coreAnd(redis)},
	{folder: "adapters/overpass", imports: coreAnd(outbound, phone, xtime)},
	{folder: "adapters/website", imports: coreAnd(outbound, phones, "github.com/temoto/robotstxt", xnet, "golang.org/x/text"), tests: []string{redis, "leadstream/adapters/breaker", "leadstream/adapters/domaincache"}},
	{folder: "adapters/requestmemory", imports: coreAnd(redis)},
	// A library: neither app nor domain, so that nothing of this service creeps into it.
	{folder: "adapters/workqueue", imports: []string{redis, watermill, "github.com/vmihailenco/msgpack"}, tests: []string{rapid}},

	{folder: "internal/phone", imports: []string{phones}},
	{folder: "internal/outbound", imports: []string{"golang.org/x"}},
	{folder: "internal/sandbox", imports: []string{"golang.org/x"}, tests: []string{rod}},
	{folder: "internal/testenv", imports: []string{redis, "github.com/uptrace/bun", "go.uber.org/goleak"}},

	{folder: "cmd", imports: []string{everything}},
	{folder: "e2e", imports: []string{everything}},
	{folder: ".", tests: []string{"go.yaml.in/yaml"}},
}

// fence keeps a library in its folders, also away from those that may import everything.
type fence struct {
	library string
	folders []string
}

var fences = []fence{
	{rod, []string{"adapters/googlemaps"}},
	{"github.com/gofiber", []string{"ports/http", "ports/ws"}},
	{"github.com/uptrace/bun", []string{"adapters/database", "internal/testenv"}},
	{"github.com/sony/gobreaker", []string{"adapters/breaker"}},
	{redisstream, []string{"adapters/eventstream", "cmd"}},
	{watermill, []string{"adapters/eventstream", "adapters/jobstore", "adapters/workqueue", "cmd", "ports/messages"}},
	{"leadstream/internal/testenv", []string{"internal/testenv"}},
}

func TestDependencyRule(t *testing.T) {
	t.Parallel()
	files, faults := check(t, os.DirFS("."))
	if files < 50 {
		t.Errorf("only %d files were read", files)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestDependencyRuleCatches(t *testing.T) {
	t.Parallel()
	for file, imports := range map[string]struct{ bad, good string }{
		"domain/job/x.go":             {"net/http", "leadstream/domain/fault"},
		"domain/job/y.go":             {"leadstream/app", "time"},
		"app/app.go":                  {"leadstream/adapters/database", "leadstream/domain/job"},
		"app/x_test.go":               {"github.com/redis/go-redis/v9", "leadstream/internal/testenv"},
		"ports/http/x.go":             {"leadstream/ports/ws", "leadstream/ports/http/dashboard"},
		"ports/messages/x.go":         {"github.com/redis/go-redis/v9", "github.com/ThreeDotsLabs/watermill/message"},
		"adapters/database/x.go":      {"leadstream/adapters/jobstore", "github.com/uptrace/bun/dialect/pgdialect"},
		"adapters/database/x_test.go": {"leadstream/adapters/jobstore", "leadstream/internal/testenv"},
		"adapters/jobstore/x.go":      {"leadstream/adapters/eventstream", "leadstream/adapters/workqueue"},
		"adapters/workqueue/x.go":     {"leadstream/domain/job", "github.com/redis/go-redis/v9"},
		"adapters/website/x.go":       {"github.com/go-rod/rod", "leadstream/internal/outbound"},
		"config/x.go":                 {"leadstream/app", "github.com/caarlos0/env/v11"},
		"cmd/leadstream/x.go":         {"github.com/go-rod/rod/lib/proto", "leadstream/adapters/googlemaps"},
		"cmd/leadstream/y.go":         {"leadstream/internal/testenv", "leadstream/internal/sandbox"},
		"internal/sandbox/x.go":       {"leadstream/internal/outbound", "golang.org/x/net/html"},
		"internal/sandbox/x_test.go":  {"leadstream/adapters/googlemaps", "github.com/go-rod/rod"},
		"adapters/unknown/x.go":       {"time", ""},
	} {
		if _, faults := check(t, fakeFile(file, imports.bad)); len(faults) != 1 {
			t.Errorf("%s may not import %s, but the faults are %q", file, imports.bad, faults)
		}
		if imports.good == "" {
			continue
		}
		if _, faults := check(t, fakeFile(file, imports.good)); len(faults) != 0 {
			t.Errorf("%s may import %s, but the faults are %q", file, imports.good, faults)
		}
	}
}

func fakeFile(name, imports string) fs.FS {
	return fstest.MapFS{name: {Data: []byte("package x\n\nimport " + strconv.Quote(imports) + "\n")}}
}

// check answers how many Go files it read, and what they import against the rules.
func check(t *testing.T, tree fs.FS) (files int, faults []string) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if _, err := fs.Stat(tree, path.Join(name, "go.mod")); entry.IsDir() && name != "." && err == nil {
			return fs.SkipDir // a module of its own, such as bench
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		files++
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value) // the parser has seen to it
			faults = append(faults, faultsOf(name, imported)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, faults
}

// faultsOf says against which rules a file imports a package.
func faultsOf(file, imported string) (faults []string) {
	test := strings.HasSuffix(file, "_test.go")
	r, found := ruleOf(path.Dir(file))
	if !found {
		return []string{fmt.Sprintf("%s: its folder has no rule", file)}
	}
	if !r.allows(imported, test) {
		faults = append(faults, fmt.Sprintf("%s: %s may not import %s", file, r.folder, imported))
	}
	for _, f := range fences {
		if !test && within(imported, f.library) && !withinAny(path.Dir(file), f.folders) && len(faults) == 0 {
			faults = append(faults, fmt.Sprintf("%s: %s belongs in %s alone", file, f.library, strings.Join(f.folders, ", ")))
		}
	}
	return faults
}

// ruleOf finds the rule of the longest matching folder; the root's is for the root alone.
func ruleOf(folder string) (best rule, found bool) {
	for _, r := range rules {
		if within(folder, r.folder) && (!found || len(r.folder) > len(best.folder)) {
			best, found = r, true
		}
	}
	return best, found
}

func (r rule) allows(imported string, test bool) bool {
	switch {
	case slices.Contains(r.imports, everything):
		return true
	case standard(imported):
		return !withinAny(imported, r.without)
	case within(imported, "leadstream/"+r.folder), withinAny(imported, r.imports):
		return true
	default:
		return test && (withinAny(imported, r.tests) || withinAny(imported, forTests))
	}
}

// standard tells a package of the standard library by its first element, which is no host name.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != "leadstream" && !strings.Contains(first, ".")
}

// within reports whether p is the path parent or lies below it; another major version lies below too.
func within(p, parent string) bool {
	return p == parent || strings.HasPrefix(p, parent+"/")
}

func withinAny(p string, parents []string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool { return within(p, parent) })
}

// TestLinterHasTheSameRules keeps depguard's rules, which an editor shows, from
// drifting away from those above. They leave tests alone.
func TestLinterHasTheSameRules(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct{ Rules map[string]depguardRule }
			}
		}
	}
	if err := yaml.Unmarshal(source, &config); err != nil {
		t.Fatal(err)
	}
	got, want := config.Linters.Settings.Depguard.Rules, depguardRules()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("the rule %s of .golangci.yml:\n got %+v\nwant %+v", name, got[name], want[name])
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("the rule %s of .golangci.yml is not in the table", name)
	}
}

type depguardRule struct {
	Mode  string `yaml:"list-mode"`
	Files []string
	Allow []string
	Deny  []struct{ Pkg, Desc string }
}

func depguardRules() map[string]depguardRule {
	all := map[string]depguardRule{}
	for _, r := range rules {
		if r.folder == "." || slices.Contains(r.imports, everything) {
			continue
		}
		d := depguardRule{Mode: "strict", Files: []string{goFiles(r.folder), "!$test"}}
		d.Allow = append([]string{"$gostd", "leadstream/" + r.folder}, withoutCovered(r.imports)...)
		d.deny(r.folder+" does without", r.without...)
		all[strings.ReplaceAll(r.folder, "/", "-")] = d
	}
	for _, f := range fences {
		d := depguardRule{Mode: "lax", Files: []string{"!$test"}}
		for _, folder := range f.folders {
			d.Files = append(d.Files, "!"+goFiles(folder))
		}
		d.deny("belongs in "+strings.Join(f.folders, ", "), f.library)
		all["fence-"+path.Base(f.library)] = d
	}
	return all
}

// withoutCovered leaves out what begins like another: depguard compares text, and
// looks at the nearest entry alone, so a-b would hide a from a/c.
func withoutCovered(imports []string) []string {
	return slices.DeleteFunc(slices.Clone(imports), func(p string) bool {
		return slices.ContainsFunc(imports, func(q string) bool { return p != q && strings.HasPrefix(p, q) })
	})
}

// goFiles is a folder in depguard's words: "**.go" as "**/*.go" lacks the
// folder's own files, from the base path lest the checkout's parents match.
func goFiles(folder string) string { return "${base-path}/" + folder + "/**.go" }

func (d *depguardRule) deny(why string, packages ...string) {
	for _, p := range packages {
		d.Deny = append(d.Deny, struct{ Pkg, Desc string }{p, why})
	}
}
