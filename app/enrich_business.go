package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	contacts, again, err := a.waterfall(ctx, j, ContactQuery{Business: b, Force: cmd.Force}, &result)
	if err != nil {
		return result, err
	}
	if len(contacts) == 0 && again != nil && !j.LastAttempt() {
		return result, fault.Transientf("finding contacts: %w", again)
	}
	if contacts, err = a.verifyBest(ctx, contacts, cmd.Force, &result); err != nil {
		return result, err
	}
	result.Contacts = len(contacts)
	return result, a.saveEnrichment(ctx, j, b, contacts)
}

func (a *App) waterfall(ctx context.Context, j job.Job, q ContactQuery, result *EnrichResult) ([]business.Contact, error, error) {
	var again error
	for i, provider := range a.Providers {
		percent := 10 + 80*i/len(a.Providers)
		if err := a.Reporter.Report(ctx, j, job.NewProgress(percent, "Asking "+provider.Name())); err != nil {
			return nil, nil, err
		}
		findings, err := provider.Contacts(ctx, q)
		if err != nil {
			return nil, nil, fmt.Errorf("asking %s: %w", provider.Name(), a.spare(j, err))
		}
		result.Providers = append(result.Providers, ProviderOutcome{provider.Name(), findings.Outcome, len(findings.Contacts)})
		if contacts := business.Merge(findings.Contacts); len(contacts) > 0 {
			return contacts, nil, nil
		}
		again = errors.Join(again, findings.Again)
	}
	return nil, again, nil
}

// outages is an outage of a provider that knows how many there have been in a
// row, over all jobs.
type outages interface {
	error
	Outages() int
}

// spare keeps the attempt of a job that others share an outage with: more have
// been seen in a row than the job has had attempts, so the job is not to blame,
// and either the provider comes back or its breaker opens.
func (a *App) spare(j job.Job, err error) error {
	s := j.Snapshot()
	if o, ok := errors.AsType[outages](err); ok && o.Outages() > s.AttemptsMade {
		return fault.Postpone(a.Now().Add(s.Retry.Delay(s.AttemptsMade)), err.Error())
	}
	return err
}

// verifyBest has the likeliest address verified, unless its provider did; the
// others stay as they are, since each verification is paid for.
func (a *App) verifyBest(ctx context.Context, contacts []business.Contact, force bool, result *EnrichResult) ([]business.Contact, error) {
	best := bestAddress(contacts)
	if a.Verifier == nil || best < 0 || contacts[best].Verification != "" {
		return contacts, nil
	}
	verdict, err := a.Verifier.Verify(ctx, contacts[best].Value, force)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", a.Verifier.Name(), err)
	}
	result.Providers = append(result.Providers, ProviderOutcome{Name: a.Verifier.Name(), Outcome: verdict.Outcome})
	if verdict.Claimed {
		return slices.Delete(slices.Clone(contacts), best, best+1), nil
	}
	contacts[best].Verification = verdict.Status
	return contacts, nil
}

// bestAddress is the index of the most confident e-mail address, -1 without any.
func bestAddress(contacts []business.Contact) int {
	best := -1
	for i, c := range contacts {
		if c.Kind == business.Email && (best < 0 || c.Confidence > contacts[best].Confidence) {
			best = i
		}
	}
	return best
}

func (a *App) saveEnrichment(ctx context.Context, j job.Job, b business.Business, contacts []business.Contact) error {
	status := business.Enriched
	if len(contacts) == 0 {
		status = statusAfter(b, business.NoContacts)
	}
	saved, err := a.Leads.SaveEnrichment(ctx, b.ID, status, contacts)
	if err != nil {
		return fmt.Errorf("saving contacts: %w", err)
	}
	if err := a.Events.PublishBusiness(ctx, business.UpdatedEvent, saved); err != nil {
		return fmt.Errorf("publishing business: %w", err)
	}
	return a.Reporter.Report(ctx, j, job.NewProgress(100, fmt.Sprintf("Found %d contacts", len(contacts))))
}

// statusAfter is the status that an enrichment which found nothing leaves: a
// lead with contacts from before keeps them, and stays enriched.
func statusAfter(b business.Business, without business.EnrichmentStatus) business.EnrichmentStatus {
	if len(b.Contacts) > 0 {
		return business.Enriched
	}
	return without
}
