package http

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// completeDocument writes down the answers that come from around the handlers:
// what the guard, the limits and huma's validation refuse.
func completeDocument(document *huma.OpenAPI, withTokens bool) {
	for path, item := range document.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if o == nil {
				continue
			}
			delete(o.Responses, strconv.Itoa(http.StatusUnprocessableEntity)) // see huma.NewError
			addProblem(o, http.StatusBadRequest)                              // an unknown query parameter
			if o.RequestBody != nil {
				addProblem(o, http.StatusRequestEntityTooLarge)
			}
			switch {
			case !withTokens:
			case guarded(path):
				addProblem(o, http.StatusUnauthorized)
			default:
				o.Security = []map[string][]string{}
			}
		}
	}
}

// alike documents another status whose answer has the form of a known one.
func alike(o *huma.Operation, known, status int) {
	answer := *o.Responses[strconv.Itoa(known)]
	answer.Description = http.StatusText(status)
	o.Responses[strconv.Itoa(status)] = &answer
}

// addProblem takes its form from the internal error, which every operation has.
func addProblem(o *huma.Operation, status int) {
	if _, described := o.Responses[strconv.Itoa(status)]; !described {
		alike(o, http.StatusInternalServerError, status)
	}
}
