package app

import "context"

// Poison lists what failed for good or never was a valid command.
func (a *App) Poison(ctx context.Context, filter PoisonFilter) (PoisonPage, error) {
	return a.Dead.Poison(ctx, filter)
}

// PoisonEntry is one of them.
func (a *App) PoisonEntry(ctx context.Context, id string) (PoisonEntry, error) {
	return a.Dead.PoisonEntry(ctx, id)
}

// RequeuePoison lets it run again: the entry leaves as its job returns to waiting.
func (a *App) RequeuePoison(ctx context.Context, id string) error {
	return a.Dead.RequeuePoison(ctx, id)
}

// RequeueAllPoison lets all entries of a queue (all queues when empty) run again and says how many.
func (a *App) RequeueAllPoison(ctx context.Context, queue string) (int, error) {
	return a.Dead.RequeueAllPoison(ctx, queue)
}

// DiscardPoison drops an entry for good.
func (a *App) DiscardPoison(ctx context.Context, id string) error {
	return a.Dead.DiscardPoison(ctx, id)
}
