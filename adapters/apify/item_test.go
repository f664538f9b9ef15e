package apify

import (
	"encoding/json"
	"testing"

	"leadstream/domain/business"
)

func TestItemsOfOtherShapes(t *testing.T) {
	t.Parallel()
	for text, holds := range map[string]func(p business.Place, ok bool) bool{
		`{"error":"no_search_results"}`: func(_ business.Place, ok bool) bool { return !ok },
		`{"title":"  "}`:                func(_ business.Place, ok bool) bool { return !ok },
		`[1]`:                           func(_ business.Place, ok bool) bool { return !ok },
		`not json`:                      func(_ business.Place, ok bool) bool { return !ok },
		`{"title":"A","cid":18446744073709551615}`:      func(p business.Place, _ bool) bool { return p.CID == "18446744073709551615" },
		`{"title":"A","cid":"17"}`:                      func(p business.Place, _ bool) bool { return p.CID == "17" },
		`{"title":"A","cid":"no"}`:                      func(p business.Place, _ bool) bool { return p.CID == "" },
		`{"title":"A","totalScore":"4","city":"B"}`:     func(p business.Place, ok bool) bool { return ok && p.Rating == nil && p.City == "B" },
		`{"title":"A","totalScore":0,"reviewsCount":0}`: func(p business.Place, _ bool) bool { return p.Rating == nil && *p.ReviewsCount == 0 },
		`{"title":"A","totalScore":4.5}`:                func(p business.Place, _ bool) bool { return *p.Rating == 4.5 && p.ReviewsCount == nil },
		`{"title":"A","location":{"lat":1}}`:            func(p business.Place, _ bool) bool { return *p.Latitude == 1 && p.Longitude == nil },
		`{"title":"A","categoryName":"Plumber"}`:        func(p business.Place, _ bool) bool { return p.Categories[0] == "Plumber" },
		`{"title":"A","categories":["X","Y"]}`:          func(p business.Place, _ bool) bool { return p.Category == "X" },
		`{"title":"A","website":"acme.com"}`:            func(p business.Place, _ bool) bool { return p.Website == "http://acme.com" },
		`{"title":"A","website":"javascript:alert(1)"}`: func(p business.Place, _ bool) bool { return p.Website == "" },
		`{"title":"A","phone":"(732) 555-0100"}`:        func(p business.Place, _ bool) bool { return p.Phone == "+17325550100" },
		`{"title":"A","phone":"ask inside"}`:            func(p business.Place, _ bool) bool { return p.Phone == "ask inside" && p.PhoneNational == "" },
		`{"title":"A","temporarilyClosed":true}`:        func(p business.Place, _ bool) bool { return p.Status == business.TemporarilyClosed },
		`{"title":"A","state":"New Jersey"}`:            func(p business.Place, _ bool) bool { return p.State == "NJ" },
		`{"title":"A","state":"Bayern"}`:                func(p business.Place, _ bool) bool { return p.State == "Bayern" },
		`{"title":"A","phoneUnformatted":"030 123456","countryCode":"de"}`: func(p business.Place, _ bool) bool {
			return p.Phone == "+4930123456" && p.PhoneNational == "030 123456"
		},
		`{"title":"A","emails":["Info@A.example","no"],"phones":["(732) 555-0100","x"],"facebooks":["https://www.facebook.com/a"],"twitters":["https://evil.example/a"]}`: func(p business.Place, _ bool) bool {
			return len(p.Contacts) == 3 && p.Contacts[0].Value == "info@a.example" && p.Contacts[1].Value == "+17325550100" &&
				p.Contacts[2].Kind == business.Social && p.Contacts[2].Provider == "apify"
		},
		`{"title":"A","openingHours":[{"day":"Monday","hours":"9 AM to 12 PM, 1 to 5 PM"},{"day":""}]}`: func(p business.Place, _ bool) bool {
			return len(p.OpeningHours) == 1 && len(p.OpeningHours[0].Hours) == 2 && p.OpeningHours[0].Hours[1] == "1 to 5 PM"
		},
	} {
		if p, ok := parseItem(json.RawMessage(text)); !holds(p, ok) {
			t.Errorf("%s: %v %+v", text, ok, p)
		}
	}
}

func FuzzItem(f *testing.F) {
	f.Add([]byte(`{"title":"A","cid":"1","location":{"lat":1,"lng":2},"openingHours":[{"day":"Monday","hours":"9 AM"}],"website":"a.com"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, ok := parseItem(raw); ok && p.Validate() != nil {
			t.Errorf("%q is told of as %+v", raw, p)
		}
	})
}
