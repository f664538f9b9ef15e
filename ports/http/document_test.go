package http

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

type document map[string]any

func (s *server) document() document {
	s.t.Helper()
	var d document
	if err := json.Unmarshal(s.send("GET", "/openapi.json", "", "Authorization: Bearer "+token).body, &d); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// at follows keys into the document; nil where there is nothing.
func (d document) at(keys ...string) any {
	var here any = map[string]any(d)
	for _, key := range keys {
		object, _ := here.(map[string]any)
		here = object[key]
	}
	return here
}

// eachOperation visits every operation in the document.
func (d document) eachOperation(visit func(name string, o document)) {
	paths, _ := d.at("paths").(map[string]any)
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method, o := range methods {
			operation, _ := o.(map[string]any)
			visit(strings.ToUpper(method)+" "+path, operation)
		}
	}
}

func TestDocumentHoldsTogether(t *testing.T) {
	t.Parallel()
	d := serve(t, &world{}).document()
	if version := d.at("openapi"); version != "3.1.0" || d.at("info", "title") == "" || d.at("info", "version") != "1.2.3" {
		t.Errorf("openapi %v, info %v", version, d.at("info"))
	}
	var follow func(where string, node any)
	follow = func(where string, node any) {
		switch node := node.(type) {
		case map[string]any:
			if ref, ok := node["$ref"].(string); ok {
				if target, local := strings.CutPrefix(ref, "#/"); !local || d.at(strings.Split(target, "/")...) == nil {
					t.Errorf("%s: %s leads nowhere", where, ref)
				}
			}
			for key, part := range node {
				follow(where+"/"+key, part)
			}
		case []any:
			for i, part := range node {
				follow(fmt.Sprintf("%s/%d", where, i), part)
			}
		}
	}
	follow("#", map[string]any(d))
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	d := serve(t, &world{}).document()
	ids := map[any]string{}
	n := 0
	d.eachOperation(func(name string, o document) {
		n++
		if other, taken := ids[o.at("operationId")]; taken || o.at("operationId") == nil || o.at("summary") == nil || o.at("tags") == nil {
			t.Errorf("%s: id %v (of %q too), summary %v, tags %v", name, o.at("operationId"), other, o.at("summary"), o.at("tags"))
		}
		ids[o.at("operationId")] = name
		responses, _ := o.at("responses").(map[string]any)
		for _, status := range []string{"400", "500"} {
			if o.at("responses", status, "content", "application/problem+json", "schema", "$ref") != "#/components/schemas/Problem" {
				t.Errorf("%s: %s is %v", name, status, responses[status])
			}
		}
		if keyed := strings.HasPrefix(name, "POST /api"); (responses["422"] != nil) != keyed || responses["200"] == nil && responses["202"] == nil {
			t.Errorf("%s: answers %v", name, responses)
		}
		if parameters := strings.Count(name, "{"); parameters > 0 {
			list, _ := o.at("parameters").([]any)
			if len(list) < parameters {
				t.Errorf("%s: parameters %v", name, list)
			}
		}
	})
	if want := 30; n != want {
		t.Errorf("%d operations, want %d", n, want)
	}
}

// TestDocumentTellsOfTheAnswersAround checks what is not of the handlers.
func TestDocumentTellsOfTheAnswersAround(t *testing.T) {
	t.Parallel()
	d := serve(t, &world{}, withTokens).document()
	d.eachOperation(func(name string, o document) {
		_, path, _ := strings.Cut(name, " ")
		needsToken := strings.HasPrefix(path, "/api")
		if (o.at("responses", "401") != nil) != needsToken || (o.at("security") == nil) != needsToken {
			t.Errorf("%s: 401 %v, security %v", name, o.at("responses", "401"), o.at("security"))
		}
		if post := strings.HasPrefix(name, "POST"); (o.at("responses", "429") != nil) != post {
			t.Errorf("%s: 429 %v", name, o.at("responses", "429"))
		}
		if (o.at("responses", "413") != nil) != (o.at("requestBody") != nil) {
			t.Errorf("%s: 413 %v", name, o.at("responses", "413"))
		}
	})
	if d.at("paths", "/api/enrichment/batch", "post", "responses", "200") == nil {
		t.Error("a batch of none is not told of")
	}
	if d.at("paths", "/readyz", "get", "responses", "503", "content", "application/json") == nil {
		t.Error("readiness is not told of as it is")
	}
}
