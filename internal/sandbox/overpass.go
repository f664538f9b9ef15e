package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// osmTags are what OpenStreetMap calls each trade.
var osmTags = map[string][2]string{
	"plumbing": {"craft", "plumber"}, "electrician": {"craft", "electrician"}, "bakery": {"shop", "bakery"}, "dentist": {"amenity", "dentist"},
	"roofing": {"craft", "roofer"}, "florist": {"shop", "florist"}, "cafe": {"amenity", "cafe"}, "landscaping": {"craft", "gardener"},
	"auto repair": {"shop", "car_repair"}, "lawyer": {"office", "lawyer"}, "barber": {"shop", "hairdresser"},
	"veterinarian": {"amenity", "veterinary"}, "accountant": {"office", "accountant"},
}

// osmElement is a node, or a way with its centre.
type osmElement struct {
	Type   string            `json:"type"`
	ID     int64             `json:"id"`
	Lat    float64           `json:"lat,omitempty"`
	Lon    float64           `json:"lon,omitempty"`
	Center *osmPoint         `json:"center,omitempty"`
	Tags   map[string]string `json:"tags"`
}

type osmPoint struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// osmElements are the town as volunteers mapped it: in two styles of tags, some
// as buildings, some twice, those that are closed as disused.
func (t *Town) osmElements() (elements []osmElement) {
	for i, b := range t.businesses {
		e := osmElement{Type: "node", ID: int64(1000 + i), Lat: b.Lat, Lon: b.Lng, Tags: osmTagsOf(b, i)}
		if i%3 == 1 {
			e = osmElement{Type: "way", ID: int64(1000 + i), Center: &osmPoint{b.Lat, b.Lng}, Tags: e.Tags}
		}
		elements = append(elements, e)
		if i%12 == 4 {
			elements = append(elements, osmElement{Type: "node", ID: int64(5000 + i), Lat: b.Lat + 0.00003, Lon: b.Lng, Tags: e.Tags})
		}
	}
	return elements
}

func osmTagsOf(b Business, i int) map[string]string {
	tags := map[string]string{"name": b.Name, "opening_hours": "Mo-Sa 08:00-18:00; Su off"}
	trade := osmTags[b.Trade.Word]
	if b.Closed {
		trade[0] = "disused:" + trade[0]
	}
	tags[trade[0]] = trade[1]
	contact := ""
	if i%2 == 1 {
		contact = "contact:"
	}
	set := func(key, value string) {
		if value != "" {
			tags[key] = value
		}
	}
	set(contact+"phone", b.Phone)
	set(contact+"website", b.Website())
	for _, c := range b.Contacts {
		switch {
		case c.Kind == "email" && i%4 == 0:
			set(contact+"email", c.Value)
		case c.Kind == "social" && strings.Contains(c.Value, "facebook"):
			set("contact:facebook", c.Value)
		}
	}
	if b.HasAddress {
		number, street, _ := strings.Cut(b.Street, " ")
		tags["addr:housenumber"], tags["addr:street"], tags["addr:city"] = number, street, b.City
		tags["addr:state"], tags["addr:postcode"] = "NJ", b.Zip
	}
	return tags
}

// serveNominatim knows the town's places, and whoever says who they are.
func (s *Server) serveNominatim(w http.ResponseWriter, r *http.Request) {
	s.count("nominatim")
	s.mu.Lock()
	hasty := time.Since(s.located) < 900*time.Millisecond
	s.located = time.Now()
	s.mu.Unlock()
	if hasty {
		s.count("nominatim_hasty")
	}
	if status := s.faults.Get().NominatimStatus; status != 0 {
		w.WriteHeader(status)
		return
	}
	if who := r.UserAgent(); who == "" || strings.HasPrefix(who, "Go-http-client") {
		http.Error(w, "Access blocked: say who you are", http.StatusForbidden)
		return
	}
	answerJSON(w, http.StatusOK, nominatimPlaces(r.URL.Query().Get("q")))
}

func nominatimPlaces(query string) []map[string]any {
	query = strings.ToLower(query)
	if query == "" || !knownPlace(query) {
		return []map[string]any{}
	}
	where := cities[0]
	for _, c := range cities {
		if strings.Contains(query, strings.ToLower(c.name)) {
			where = c
			break
		}
	}
	return []map[string]any{{
		"place_id": 1, "lat": fmt.Sprint(where.lat), "lon": fmt.Sprint(where.lng), "display_name": where.name + ", Monmouth County, New Jersey, United States",
		"licence": "Data © OpenStreetMap contributors, ODbL 1.0", "address": map[string]string{"town": where.name, "country_code": "us"},
	}}
}

func (s *Server) serveOverpass(w http.ResponseWriter, r *http.Request) {
	s.count("overpass")
	data := r.FormValue("data") // read first, so that whoever goes away is noticed
	s.mu.Lock()
	s.querying++
	crowd := s.querying > 1
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.querying--
		s.mu.Unlock()
	}()
	if crowd {
		s.count("overpass_crowd")
	}
	pause(r, time.Duration(s.faults.Get().OverpassDelayMS)*time.Millisecond)
	status, fails := s.faults.fails(func(f *Switches) (int, *int, int) {
		return f.OverpassStatus, &f.OverpassFailNext, cmp.Or(f.OverpassFailWith, http.StatusGatewayTimeout)
	})
	if fails {
		http.Error(w, "<html><body>The server is probably too busy to handle your request.</body></html>", status)
		return
	}
	query, err := parseOverpass(data)
	if err != nil {
		http.Error(w, "<html><body>parse error: "+err.Error()+"</body></html>", http.StatusBadRequest)
		return
	}
	answer := map[string]any{
		"version": 0.6, "generator": "Overpass API", "elements": query.find(s.town.osmElements()),
		"osm3s": map[string]string{"copyright": "The data included in this document is from www.openstreetmap.org. The data is made available under ODbL."},
	}
	if s.faults.Get().OverpassRemark {
		answer["remark"] = `runtime error: Query timed out in "query" at line 1 after 2 seconds.`
	}
	answerJSON(w, http.StatusOK, answer)
}
