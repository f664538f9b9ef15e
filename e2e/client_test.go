package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	_ "github.com/oapi-codegen/runtime" // what generated clients import

	"leadstream/internal/sandbox"
)

// TestGeneratedClient generates a client from the document that the program
// serves, compiles it beside a small program, and lets that do the main job.
func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	s := serve(t, town(t, sandbox.Options{}), nil)
	_, document := s.download("/openapi-3.0.json")
	spec, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	client, err := codegen.Generate(spec, codegen.Configuration{PackageName: "generated", Generate: codegen.GenerateOptions{Models: true, Client: true}})
	if err != nil {
		t.Fatal(err)
	}
	driver := compile(t, client)
	out, err := exec.Command(driver, s.url).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var result struct {
		Listed int `json:"listed"`
		Total  int `json:"total"`
	}
	if err := json.Unmarshal(out, &result); err != nil || result.Listed != 5 || result.Total != 5 {
		t.Errorf("the client found %s, %v", out, err)
	}
}

// compile builds the driver with the client as a package of this module that is on no disk.
func compile(t *testing.T, client string) (program string) {
	t.Helper()
	dir := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	generated := filepath.Join(dir, "client.go")
	overlay, _ := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "generated", "client.go"): generated}})
	layout := filepath.Join(dir, "overlay.json")
	for file, text := range map[string][]byte{generated: []byte(client), layout: overlay} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program = filepath.Join(dir, "driver")
	if out, err := exec.Command("go", "build", "-overlay", layout, "-o", program, "./testdata/client").CombinedOutput(); err != nil {
		t.Fatalf("compiling the client: %v\n%s", err, out)
	}
	return program
}
