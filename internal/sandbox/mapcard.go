package sandbox

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// cardView is what a card of the feed shows.
type cardView struct {
	Name      string `json:"name"`
	Href      string `json:"href"`
	Rating    string `json:"rating"` // the label that screen readers hear
	Score     string `json:"score"`
	Count     string `json:"count"`
	Price     string `json:"price"`
	Category  string `json:"category"`
	Address   string `json:"address"` // may be a bare plus code, or missing
	Hours     string `json:"hours"`
	Phone     string `json:"phone"`
	Website   string `json:"website"`
	Sponsored string `json:"sponsored"` // how it is marked: inside its card or before it
}

// cards are a page of the feed as its script draws it, with the
// advertisements that stand between the results.
func (q search) cards(found []Business, faults Switches) map[string]any {
	page := q.page(found)
	cards := make([]cardView, 0, len(page)+len(advertisements))
	for i, b := range page {
		for _, ad := range advertisements {
			if ad.position == q.offset+i {
				cards = append(cards, ad.card)
			}
		}
		cards = append(cards, cardOf(faults.shown(b), q.language, faults.LimitedView))
	}
	next := q.offset + len(page)
	return map[string]any{"cards": cards, "next": next, "end": next >= len(found), "silent": faults.MapNoEnd, "camera": camera(found)}
}

// advertisements stand before the result at their position. None of them is a
// business of the town.
var advertisements = []struct {
	position int
	card     cardView
}{
	{0, cardView{Name: "Paid Placement Inc", Href: "/maps/place/Paid+Placement/data=!4m7!3m6!1s0x1:0xad!8m2!3d40.1!4d-74.1", Category: "Plumber", Website: "/aclk?sa=L&adurl=http://paid.example/", Sponsored: "inside"}},
	{0, cardView{Name: "Second Paid Placement", Href: "/maps/place/Second+Paid/data=!4m7!3m6!1s0x1:0xae!8m2!3d40.2!4d-74.2", Score: "4.9", Rating: "4.9 stars", Website: "http://paid.example/", Sponsored: "before"}},
	{27, cardView{Name: "Paid Among Others", Href: "/aclk?sa=L&adurl=http://paid.example/others", Category: "Advertising agency", Phone: "(732) 555-0199", Sponsored: "inside"}},
}

func cardOf(b Business, language string, limited bool) cardView {
	c := cardView{
		Name: b.Name, Href: placeLink(b) + "?authuser=0&hl=" + language + "&rclk=1", Price: b.Price, Category: b.Trade.Category,
		Address: b.Street, Hours: statusText(b, language), Phone: shownPhone(b.Phone), Website: shownWebsite(b),
	}
	if !b.HasAddress {
		c.Address = ""
		if len(b.Name)%2 == 0 {
			c.Address = b.PlusCode
		}
	}
	c.rate(b, language, limited)
	return c
}

// rate shows its reviews; since 2026 their number is missing now and then, and
// always in the limited view.
func (c *cardView) rate(b Business, language string, limited bool) {
	t := tongueOf(language)
	if b.Reviews == 0 {
		c.Rating = t.noReviews
		return
	}
	c.Score = strings.Replace(fmt.Sprintf("%.1f", b.Rating), ".", t.decimal, 1)
	count := grouped(b.Reviews, t.thousands)
	c.Rating = c.Score + " " + t.stars
	if !limited && b.Reviews%3 != 0 {
		c.Rating, c.Count = c.Rating+" "+count+" "+t.reviews, "("+count+")"
	}
}

func grouped(n int, separator string) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d%s%03d", n/1000, separator, n%1000)
}

// placeLink is the link of a card, with the data from which ids and
// coordinates are read.
func placeLink(b Business) string {
	return fmt.Sprintf("/maps/place/%s/data=!4m7!3m6!1s%s!8m2!3d%.7f!4d%.7f!16s%s!19s%s",
		url.PathEscape(b.Name), b.DataID, b.Lat, b.Lng, url.QueryEscape(b.KGMID), b.PlaceID)
}

// shownWebsite is the website as the map links it.
func shownWebsite(b Business) string {
	site := b.Website()
	if site != "" && b.WrappedSite {
		return "/url?q=" + url.QueryEscape(site) + "&opi=79508299"
	}
	return site
}

// PhoneNational is the phone as it is written within its country; empty without one.
func (b Business) PhoneNational() string { return shownPhone(b.Phone) }

func shownPhone(e164 string) string {
	if len(e164) != len("+17325550100") {
		return ""
	}
	return fmt.Sprintf("(%s) %s-%s", e164[2:5], e164[5:8], e164[8:])
}

func statusText(b Business, language string) string {
	t := tongueOf(language)
	switch {
	case b.Closed:
		return t.closed
	case b.Paused:
		return t.closedForNow
	default:
		return t.open
	}
}

// camera is what the map looks at when it has found something: its middle.
func camera(found []Business) map[string]float64 {
	var lat, lng float64
	for _, b := range found {
		lat, lng = lat+b.Lat, lng+b.Lng
	}
	n := float64(max(1, len(found)))
	return map[string]float64{"lat": lat / n, "lng": lng / n}
}

// shown is what is left of a business when the map has changed. What is seen
// in more than one place is lost in each.
func (s Switches) shown(b Business) Business {
	if s.MapThin && isThin(b) {
		b.Phone, b.Site = "", NoSite
	}
	if s.MapNoLabels && len(b.Slug)%3 != 0 {
		b.Name, b.DataID, b.PlaceID, b.KGMID = "", "", "", ""
	}
	return b
}

func isThin(b Business) bool { return len(b.Slug)%3 == 0 }

// replied is what replies have of it.
func (s Switches) replied(b Business) Business {
	b = s.shown(b)
	if s.MapNoNumbers {
		b.Phone, b.Site = "", NoSite
	}
	return b
}
