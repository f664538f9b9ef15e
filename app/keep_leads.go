package app

import (
	"context"

	"leadstream/domain/business"
)

// AnnotateBusiness sets what people add to a lead: notes and tags.
func (a *App) AnnotateBusiness(ctx context.Context, id int64, change Annotation) (business.Business, error) {
	b, err := a.Leads.Annotate(ctx, id, change)
	if err != nil {
		return business.Business{}, err
	}
	return b, a.Events.PublishBusiness(ctx, business.UpdatedEvent, b)
}

// DeleteBusiness forgets a lead and its contacts.
func (a *App) DeleteBusiness(ctx context.Context, id int64) error { return a.Leads.Delete(ctx, id) }
