package app

import (
	"context"
	"errors"
	"fmt"

	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// EnrichResult is what an enrichment found, and what each provider said.
type EnrichResult struct {
	BusinessID int64             `json:"businessId"`
	Contacts   int               `json:"contacts"`
	Providers  []ProviderOutcome `json:"providers"`
}

// ProviderOutcome is one provider's part in an enrichment.
type ProviderOutcome struct {
	Name     string `json:"name"`
	Outcome  string `json:"outcome"`
	Contacts int    `json:"contacts"`
}

// EnrichBusiness runs one attempt to find a business's contacts: providers in
// order, the next only when those before found none. A provider's error fails
// or postpones the attempt; a business's own website being down does not,
// until nobody else knows a contact and attempts are left.
func (a *App) EnrichBusiness(ctx context.Context, j job.Job, cmd job.EnrichBusiness) (EnrichResult, error) {
	b, err := a.Leads.Business(ctx, cmd.BusinessID)
	if err != nil {
		return EnrichResult{}, err
	}
	result := EnrichResult{BusinessID: b.ID, Providers: []ProviderOutcome{}}
	contacts, again, err := a.waterfall(ctx, j, b, &result)
	if err != nil {
		return result, err
	}
	if len(contacts) == 0 && again != nil && !j.LastAttempt() {
		return result, fault.Transientf("finding contacts: %w", again)
	}
	result.Contacts = len(contacts)
	return result, a.saveEnrichment(ctx, j, b.ID, contacts)
}

func (a *App) waterfall(ctx context.Context, j job.Job, b business.Business, result *EnrichResult) ([]business.Contact, error, error) {
	var again error
	for i, provider := range a.Providers {
		percent := 10 + 80*i/len(a.Providers)
		if err := a.Reporter.Report(ctx, j, job.NewProgress(percent, "Asking "+provider.Name())); err != nil {
			return nil, nil, err
		}
		findings, err := provider.Contacts(ctx, b)
		if err != nil {
			return nil, nil, fmt.Errorf("asking %s: %w", provider.Name(), err)
		}
		result.Providers = append(result.Providers, ProviderOutcome{provider.Name(), findings.Outcome, len(findings.Contacts)})
		if contacts := business.Merge(findings.Contacts); len(contacts) > 0 {
			return contacts, nil, nil
		}
		again = errors.Join(again, findings.Again)
	}
	return nil, again, nil
}

func (a *App) saveEnrichment(ctx context.Context, j job.Job, id int64, contacts []business.Contact) error {
	status := business.Enriched
	if len(contacts) == 0 {
		status = business.NoContacts
	}
	saved, err := a.Leads.SaveEnrichment(ctx, id, status, contacts)
	if err != nil {
		return fmt.Errorf("saving contacts: %w", err)
	}
	if err := a.Events.PublishBusiness(ctx, business.UpdatedEvent, saved); err != nil {
		return fmt.Errorf("publishing business: %w", err)
	}
	return a.Reporter.Report(ctx, j, job.NewProgress(100, fmt.Sprintf("Found %d contacts", len(contacts))))
}
