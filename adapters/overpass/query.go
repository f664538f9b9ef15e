package overpass

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	// queryTime, in seconds, and queryMemory, in bytes, are what Overpass is asked
	// to set aside; modest queries wait less for their turn.
	queryTime   = 60
	queryMemory = 128 << 20
	// mostElements bounds an answer; the API lets nobody ask for more than 500 places.
	mostElements = 3000
)

// businessKeys are the tags that make a thing on the map a business.
var businessKeys = []string{"shop", "craft", "office", "healthcare"}

// businessAmenities are the amenities that are businesses, of all that there are.
const businessAmenities = "^(restaurant|cafe|bar|pub|fast_food|ice_cream|dentist|doctors|clinic|pharmacy|veterinary|bank|car_rental|car_wash|" +
	"fuel|driving_school|childcare|kindergarten|cinema|nightclub|studio|coworking_space|language_school|money_transfer)$"

// queryFor writes the Overpass QL for the businesses of a kind around a place:
// those of the kind's tags where they are known, else those whose name or tag
// holds its words. Nothing without a name is asked for.
func queryFor(businessType string, at centre, radiusKM float64) string {
	around := fmt.Sprintf("(around:%.0f,%.6f,%.6f)", radiusKM*1000, at.Lat, at.Lon)
	var q strings.Builder
	fmt.Fprintf(&q, "[out:json][timeout:%d][maxsize:%d];\n(\n", queryTime, queryMemory)
	for _, filter := range filtersFor(businessType) {
		fmt.Fprintf(&q, "nwr%s[\"name\"]%s;\n", filter, around)
	}
	fmt.Fprintf(&q, ");\nout center %d;", mostElements)
	return q.String()
}

func filtersFor(businessType string) []string {
	kind := strings.ToLower(strings.Join(strings.Fields(businessType), " "))
	if kind == "" || kind == "businesses" || kind == "business" {
		return anyBusiness()
	}
	if tags, known := tagsOf(kind); known {
		filters := make([]string, len(tags))
		for i, tag := range tags {
			key, value, _ := strings.Cut(tag, "=")
			filters[i] = fmt.Sprintf("[%s=%s]", quoted(key), quoted(value))
		}
		return filters
	}
	words := quoted(strings.ReplaceAll(regexp.QuoteMeta(stem(kind)), " ", "[ _-]"))
	keys := quoted("^(" + strings.Join(businessKeys, "|") + "|amenity|tourism|leisure)$")
	var filters []string
	for _, business := range anyBusiness() {
		filters = append(filters, fmt.Sprintf(`["name"~%s,i]%s`, words, business))
	}
	return append(filters, fmt.Sprintf("[~%s~%s,i]", keys, words))
}

func anyBusiness() []string {
	filters := make([]string, 0, len(businessKeys)+1)
	for _, key := range businessKeys {
		filters = append(filters, fmt.Sprintf("[%s]", quoted(key)))
	}
	return append(filters, fmt.Sprintf(`["amenity"~%s]`, quoted(businessAmenities)))
}

// quoted is a string of Overpass QL; nothing in it ends it early.
func quoted(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, text)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
