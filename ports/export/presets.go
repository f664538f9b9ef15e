package export

import (
	"cmp"
	"net/url"
	"strings"

	"leadstream/app"
	"leadstream/domain/business"
)

// preset is a set of columns that a program expects.
type preset struct {
	name    string
	columns []column
	asShown bool // in JSON, leads are as the API shows them
	nested  bool // in JSON, the column a/b is the field b of an object a
}

// column is one value of a lead: nil, a string, a float64, an integer or a bool.
type column struct {
	name  string
	value func(b app.BusinessView) any
}

var presets = []preset{
	{name: "leadstream", columns: ownColumns, asShown: true},
	{name: "apify", columns: apifyColumns, nested: true},
	{name: "hubspot", columns: hubspotColumns},
	{name: "salesforce", columns: salesforceColumns},
}

// Presets lists the sets of columns.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// ownColumns are the API's fields, with the contacts flattened.
var ownColumns = []column{
	{"id", func(b app.BusinessView) any { return b.ID }},
	{"name", func(b app.BusinessView) any { return b.Name }},
	{"category", func(b app.BusinessView) any { return or(b.Category) }},
	{"categories", func(b app.BusinessView) any { return joined(b.Categories) }},
	{"address", func(b app.BusinessView) any { return or(b.Address) }},
	{"street", func(b app.BusinessView) any { return or(b.Street) }},
	{"city", func(b app.BusinessView) any { return or(b.City) }},
	{"state", func(b app.BusinessView) any { return or(b.State) }},
	{"postal_code", func(b app.BusinessView) any { return or(b.PostalCode) }},
	{"country", func(b app.BusinessView) any { return or(b.Country) }},
	{"phone", func(b app.BusinessView) any { return or(b.Phone) }},
	{"phone_national", func(b app.BusinessView) any { return or(b.PhoneNational) }},
	{"website", func(b app.BusinessView) any { return or(b.Website) }},
	{"best_email", func(b app.BusinessView) any { return best(b, business.Email) }},
	{"emails", func(b app.BusinessView) any { return all(b, business.Email) }},
	{"phones", func(b app.BusinessView) any { return all(b, business.Phone) }},
	{"socials", func(b app.BusinessView) any { return all(b, business.Social) }},
	{"contact_name", func(b app.BusinessView) any { return person(b).Name }},
	{"contact_position", func(b app.BusinessView) any { return person(b).Position }},
	{"rating", func(b app.BusinessView) any { return or(b.Rating) }},
	{"reviews_count", func(b app.BusinessView) any { return or(b.ReviewsCount) }},
	{"price", func(b app.BusinessView) any { return or(b.Price) }},
	{"opening_hours", hours},
	{"latitude", func(b app.BusinessView) any { return or(b.Latitude) }},
	{"longitude", func(b app.BusinessView) any { return or(b.Longitude) }},
	{"place_id", func(b app.BusinessView) any { return or(b.PlaceID) }},
	{"cid", func(b app.BusinessView) any { return or(b.CID) }},
	{"google_maps_url", func(b app.BusinessView) any { return or(b.GoogleMapsURL) }},
	{"osm_url", func(b app.BusinessView) any { return or(b.OSMURL) }},
	{"attribution", func(b app.BusinessView) any { return or(b.Attribution) }},
	{"business_type", func(b app.BusinessView) any { return or(b.BusinessType) }},
	{"status", func(b app.BusinessView) any { return b.Status }},
	{"enrichment_status", func(b app.BusinessView) any { return b.EnrichmentStatus }},
	{"tags", func(b app.BusinessView) any { return joined(b.Tags) }},
	{"notes", func(b app.BusinessView) any { return or(b.Notes) }},
	{"first_seen_job", func(b app.BusinessView) any { return or(b.FirstSeenJob) }},
	{"created_at", func(b app.BusinessView) any { return b.CreatedAt }},
	{"updated_at", func(b app.BusinessView) any { return b.UpdatedAt }},
}

// apifyColumns are the fields of Apify's Google Maps scrapers, so that what
// reads their data sets reads ours.
var apifyColumns = []column{
	{"title", func(b app.BusinessView) any { return b.Name }},
	{"categoryName", func(b app.BusinessView) any { return or(b.Category) }},
	{"price", func(b app.BusinessView) any { return or(b.Price) }},
	{"address", func(b app.BusinessView) any { return or(b.Address) }},
	{"street", func(b app.BusinessView) any { return or(b.Street) }},
	{"city", func(b app.BusinessView) any { return or(b.City) }},
	{"state", func(b app.BusinessView) any { return or(b.State) }},
	{"postalCode", func(b app.BusinessView) any { return or(b.PostalCode) }},
	{"countryCode", func(b app.BusinessView) any { return or(b.Country) }},
	{"phone", func(b app.BusinessView) any { return or(cmp.Or(b.PhoneNational, b.Phone)) }},
	{"phoneUnformatted", func(b app.BusinessView) any { return or(b.Phone) }},
	{"website", func(b app.BusinessView) any { return or(b.Website) }},
	{"emails", func(b app.BusinessView) any { return all(b, business.Email) }},
	{"location/lat", func(b app.BusinessView) any { return or(b.Latitude) }},
	{"location/lng", func(b app.BusinessView) any { return or(b.Longitude) }},
	{"totalScore", func(b app.BusinessView) any { return or(b.Rating) }},
	{"reviewsCount", func(b app.BusinessView) any { return or(b.ReviewsCount) }},
	{"permanentlyClosed", func(b app.BusinessView) any { return b.Status == business.PermanentlyClosed }},
	{"temporarilyClosed", func(b app.BusinessView) any { return b.Status == business.TemporarilyClosed }},
	{"placeId", func(b app.BusinessView) any { return or(b.PlaceID) }},
	{"cid", func(b app.BusinessView) any { return or(b.CID) }},
	{"url", func(b app.BusinessView) any { return or(b.GoogleMapsURL) }},
	{"searchString", func(b app.BusinessView) any { return or(b.BusinessType) }},
	{"scrapedAt", func(b app.BusinessView) any { return b.CreatedAt }},
}

// hubspotColumns are the names that HubSpot's import of companies maps by
// itself. https://knowledge.hubspot.com/properties/hubspot-crm-default-company-properties
var hubspotColumns = []column{
	{"Company name", func(b app.BusinessView) any { return b.Name }},
	{"Company domain name", domain},
	{"Website URL", func(b app.BusinessView) any { return or(b.Website) }},
	{"Phone number", func(b app.BusinessView) any { return or(b.Phone) }},
	{"Street address", func(b app.BusinessView) any { return or(b.Street) }},
	{"City", func(b app.BusinessView) any { return or(b.City) }},
	{"State/Region", func(b app.BusinessView) any { return or(b.State) }},
	{"Postal code", func(b app.BusinessView) any { return or(b.PostalCode) }},
	{"Country/Region", func(b app.BusinessView) any { return or(b.Country) }},
	{"Email", func(b app.BusinessView) any { return best(b, business.Email) }},
	{"First name", func(b app.BusinessView) any { first, _ := names(b); return first }},
	{"Last name", func(b app.BusinessView) any { _, last := names(b); return last }},
	{"Job title", func(b app.BusinessView) any { return person(b).Position }},
	{"Description", func(b app.BusinessView) any { return or(b.Category) }},
}

// notProvided stands in Salesforce's LastName, which a lead must have.
const notProvided = "[not provided]"

// salesforceColumns are the fields of Salesforce's object Lead, of which
// LastName and Company are required.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_lead.htm
var salesforceColumns = []column{
	{"Company", func(b app.BusinessView) any { return b.Name }},
	{"FirstName", func(b app.BusinessView) any { first, _ := names(b); return first }},
	{"LastName", func(b app.BusinessView) any {
		if _, last := names(b); last != "" {
			return last
		}
		return notProvided
	}},
	{"Title", func(b app.BusinessView) any { return person(b).Position }},
	{"Email", func(b app.BusinessView) any { return best(b, business.Email) }},
	{"Phone", func(b app.BusinessView) any { return or(b.Phone) }},
	{"Website", func(b app.BusinessView) any { return or(b.Website) }},
	{"Street", func(b app.BusinessView) any { return or(b.Street) }},
	{"City", func(b app.BusinessView) any { return or(b.City) }},
	{"State", func(b app.BusinessView) any { return or(b.State) }},
	{"PostalCode", func(b app.BusinessView) any { return or(b.PostalCode) }},
	{"Country", func(b app.BusinessView) any { return or(b.Country) }},
	{"Industry", func(b app.BusinessView) any { return or(b.Category) }},
	{"LeadSource", func(app.BusinessView) any { return "Leadstream" }},
	{"Description", func(b app.BusinessView) any { return or(b.Notes) }},
}

// or is a value, or nil where it is not known.
func or[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

// separator parts several values in one cell.
const separator = "; "

func joined(values []string) any { return strings.Join(values, separator) }

func all(b app.BusinessView, kind business.ContactKind) any {
	var values []string
	for _, c := range b.Contacts {
		if c.Kind == kind.String() {
			values = append(values, c.Value)
		}
	}
	return joined(values)
}

// best is the contact of a kind one would use first: contacts come with the surest first.
func best(b app.BusinessView, kind business.ContactKind) any {
	for _, c := range b.Contacts {
		if c.Kind == kind.String() {
			return c.Value
		}
	}
	return nil
}

// person is the surest contact that is a person's; empty without one.
func person(b app.BusinessView) app.ContactView {
	for _, c := range b.Contacts {
		if c.Name != "" {
			return c
		}
	}
	return app.ContactView{}
}

// names parts a person's name before its last word.
func names(b app.BusinessView) (first, last string) {
	words := strings.Fields(person(b).Name)
	if len(words) == 0 {
		return "", ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

func domain(b app.BusinessView) any {
	if b.Website == nil {
		return nil
	}
	u, err := url.Parse(*b.Website)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

func hours(b app.BusinessView) any {
	days := make([]string, len(b.OpeningHours))
	for i, d := range b.OpeningHours {
		days[i] = d.Day + ": " + strings.Join(d.Hours, ", ")
	}
	return joined(days)
}
