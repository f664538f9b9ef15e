package http

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// strict marks operations that register has made.
const strict = "strict"

// register serves an operation. Query parameters that it does not know are
// faults as any other, and told together with them: huma by itself would stop
// at the unknown ones.
func register[I, O any](api huma.API, o huma.Operation, handle func(context.Context, *I) (*O, error)) {
	o.Metadata = map[string]any{strict: true}
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		if faults := unknownOf(ctx); len(faults) > 0 {
			return nil, newProblem(http.StatusBadRequest, validationFailed, faults...)
		}
		return handle(ctx, in)
	})
}

const validationFailed = "validation failed"

type unknownKey struct{}

func unknownOf(ctx context.Context) []faultDetail {
	faults, _ := ctx.Value(unknownKey{}).([]faultDetail)
	return faults
}

// noteUnknown finds the query parameters that an operation does not know.
func noteUnknown(api huma.API) func(ctx huma.Context, next func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		var faults []faultDetail
		address := ctx.URL()
		for _, name := range slices.Sorted(maps.Keys(address.Query())) {
			if !knowsParameter(ctx.Operation(), name) {
				faults = append(faults, faultDetail{"query." + name, "unknown query parameter", ctx.Query(name)})
			}
		}
		if len(faults) == 0 {
			next(ctx)
			return
		}
		ctx = huma.WithValue(ctx, unknownKey{}, faults)
		if ctx.Operation().Metadata[strict] != true { // its handler would not look
			_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, validationFailed)
			return
		}
		next(ctx)
	}
}

func knowsParameter(o *huma.Operation, name string) bool {
	return slices.ContainsFunc(o.Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
}
