package app

import (
	"context"

	"leadstream/domain/business"
)

// LeadExport reads all leads one by one.
type LeadExport interface {
	// EachBusiness calls see with every lead that passes the filter, in its
	// order; its limit is the number of leads altogether, 0 is all. An error
	// of see ends it. Memory does not grow with the number of leads.
	EachBusiness(ctx context.Context, filter BusinessFilter, see func(business.Business) error) error
}

// ExportBusinesses shows every lead that passes the filter to see, one by one.
func (a *App) ExportBusinesses(ctx context.Context, filter BusinessFilter, see func(BusinessView) error) error {
	return a.Export.EachBusiness(ctx, filter, func(b business.Business) error { return see(ViewBusiness(b)) })
}
