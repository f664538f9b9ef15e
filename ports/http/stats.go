package http

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
)

func (h handlers) registerStats(api huma.API) {
	type statsAnswer struct{ Body app.StatsView }
	register(api, get("stats", "/api/stats", "stats", "How the whole service does: totals, today's, throughput", 503),
		func(ctx context.Context, _ *struct{}) (*statsAnswer, error) {
			stats, err := h.app.Stats(ctx)
			if err != nil {
				return nil, h.answer(ctx, err, "")
			}
			return &statsAnswer{stats}, nil
		})
}
