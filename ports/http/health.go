package http

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type healthView struct {
	Status   string            `json:"status" enum:"ok,unavailable"`
	Down     map[string]string `json:"down,omitempty" doc:"What is down, and why"`
	Warnings []string          `json:"warnings,omitempty" doc:"What works, but may lose jobs"`
}

type healthAnswer struct {
	Status int
	Body   healthView
}

func (h handlers) registerHealth(api huma.API) {
	register(api, get("alive", "/healthz", "health", "Whether the process is alive", 500),
		func(context.Context, *struct{}) (*healthAnswer, error) {
			return &healthAnswer{http.StatusOK, healthView{Status: "ok"}}, nil
		})
	register(api, get("ready", "/readyz", "health", "Whether everything it needs is there", 500),
		func(ctx context.Context, _ *struct{}) (*healthAnswer, error) {
			health := h.app.Health(ctx)
			if !health.Ready {
				return &healthAnswer{http.StatusServiceUnavailable, healthView{"unavailable", health.Down, health.Warnings}}, nil
			}
			return &healthAnswer{http.StatusOK, healthView{Status: "ok", Warnings: health.Warnings}}, nil
		})
	alike(api.OpenAPI().Paths["/readyz"].Get, http.StatusOK, http.StatusServiceUnavailable)
}
