package http

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
	"leadstream/domain/job"
)

func (h handlers) registerQueues(api huma.API) {
	type queuesAnswer struct{ Body []app.QueueView }
	register(api, get("list-queues", "/api/queues", "queues", "How each queue stands", 503),
		func(ctx context.Context, _ *struct{}) (*queuesAnswer, error) {
			queues, err := h.app.Queues(ctx)
			if err != nil {
				return nil, h.answer(ctx, err, "")
			}
			views := []app.QueueView{}
			for _, q := range queues {
				views = append(views, app.ViewQueue(q))
			}
			return &queuesAnswer{views}, nil
		})

	type queueName struct {
		Name string `path:"name" doc:"The queue's name" example:"scraping"`
	}
	for _, act := range []struct {
		name, summary, done string
		do                  func(context.Context, job.Queue) error
	}{
		{"pause", "Keep new jobs from starting, in every process; running ones finish", "paused", h.app.PauseQueue},
		{"resume", "Let jobs start again", "resumed", h.app.ResumeQueue},
	} {
		register(api, post(act.name+"-queue", "/api/queues/{name}/"+act.name, "queues", act.summary, 404, 503),
			func(ctx context.Context, in *queueName) (*messageAnswer, error) {
				queue, err := job.ParseQueue(in.Name)
				if err == nil {
					err = act.do(ctx, queue)
				}
				if err != nil {
					return nil, h.answer(ctx, err, "path.")
				}
				return &messageAnswer{message{fmt.Sprintf("Queue %s %s", in.Name, act.done)}}, nil
			})
	}
}
