package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// apifyStep is how many items a run finds between two looks at it.
const apifyStep = 20

// apifyRun is one run of the actor; Server.mu guards it.
type apifyRun struct {
	ID        string
	Status    string
	Message   string
	items     []any
	published int
}

func (s *Server) serveApify(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+APIKey {
		apifyError(w, http.StatusUnauthorized, "user-or-token-not-found", "User was not found or authentication token is not valid")
		return
	}
	status, fails := s.faults.fails(func(f *Switches) (int, *int, int) {
		return f.ApifyStatus, &f.ApifyFailNext, cmp.Or(f.ApifyFailWith, http.StatusInternalServerError)
	})
	if fails {
		w.Header().Set("Retry-After", "1")
		apifyError(w, status, apifyTypes[status], "The sandbox has been told to fail")
		return
	}
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch route := r.Method + " " + strings.Join(part[:min(2, len(part))], "/"); {
	case route == "POST v2/acts" && len(part) == 4 && part[3] == "runs":
		s.count("apify_start")
		s.startRun(w, r, part[2])
	case route == "GET v2/actor-runs" && len(part) == 3:
		s.count("apify_run")
		s.changeRun(w, part[2], s.step)
	case route == "POST v2/actor-runs" && len(part) == 4 && part[3] == "abort":
		s.count("apify_abort")
		s.changeRun(w, part[2], func(run *apifyRun) { run.Status = "ABORTED" })
	case route == "GET v2/datasets" && len(part) == 4 && part[3] == "items":
		s.count("apify_items")
		s.showItems(w, r, part[2])
	default:
		apifyError(w, http.StatusNotFound, "record-not-found", "There is no such endpoint")
	}
}

var apifyTypes = map[int]string{
	http.StatusPaymentRequired: "not-enough-usage-to-run-paid-actor", http.StatusForbidden: "insufficient-permissions",
	http.StatusTooManyRequests: "rate-limit-exceeded", http.StatusBadRequest: "invalid-input",
}

func (s *Server) startRun(w http.ResponseWriter, r *http.Request, actor string) {
	var in struct {
		Searches  []string `json:"searchStringsArray"`
		Location  string   `json:"locationQuery"`
		MaxPlaces int      `json:"maxCrawledPlacesPerSearch"`
	}
	switch err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); {
	case actor != "compass~crawler-google-places":
		apifyError(w, http.StatusNotFound, "record-not-found", "Actor was not found")
		return
	case err != nil || len(in.Searches) == 0 || in.MaxPlaces < 1:
		apifyError(w, http.StatusBadRequest, "invalid-input", "Input is not valid")
		return
	}
	s.mu.Lock()
	run := &apifyRun{ID: fmt.Sprintf("run%d", len(s.runs)+1), Status: "READY", items: s.apifyItems(in.Searches, in.Location, in.MaxPlaces)}
	s.runs = append(s.runs, run)
	s.mu.Unlock()
	s.changeRun(w, run.ID, func(*apifyRun) {})
}

// apifyItems are what the actor finds. Its dataset repeats some places, and
// holds an item that says what went wrong.
func (s *Server) apifyItems(searches []string, location string, most int) (items []any) {
	for _, search := range searches {
		found := s.town.Find(search + " near " + location)
		for i, b := range found[:min(most, len(found))] {
			items = append(items, apifyItem(b, search, i+1))
			if i%10 == 9 {
				items = append(items, apifyItem(b, search, i+1))
			}
		}
	}
	return append(items, map[string]any{"error": "no_search_results", "searchString": strings.Join(searches, ",")})
}

func apifyItem(b Business, search string, rank int) map[string]any {
	item := map[string]any{
		"title": b.Name, "categoryName": b.Trade.Category, "categories": []string{b.Trade.Category, "Establishment"}, "address": nil,
		"street": nil, "city": b.City, "state": "New Jersey", "postalCode": b.Zip, "countryCode": "US", "website": nil, "phone": nil,
		"phoneUnformatted": nil, "location": map[string]float64{"lat": b.Lat, "lng": b.Lng}, "totalScore": nil, "price": nil,
		"permanentlyClosed": b.Closed, "temporarilyClosed": false, "placeId": b.PlaceID, "cid": b.CID, "fid": b.DataID, "kgmid": b.KGMID,
		"reviewsCount": b.Reviews, "openingHours": apifyHours(b), "searchString": search, "rank": rank, "isAdvertisement": false,
		"url": "http://" + mapHost + "/maps/search/?api=1&query_place_id=" + b.PlaceID,
	}
	if b.HasAddress {
		item["address"], item["street"] = b.Address(), b.Street
	}
	if site := b.Website(); site != "" {
		item["website"] = site
	}
	if b.Phone != "" {
		item["phone"], item["phoneUnformatted"] = shownPhone(b.Phone), b.Phone
	}
	if b.Reviews > 0 {
		item["totalScore"] = b.Rating
	}
	if b.Price != "" {
		item["price"] = b.Price
	}
	return item
}

func apifyHours(b Business) []map[string]string {
	days := []map[string]string{}
	for _, d := range openingHours(b) {
		days = append(days, map[string]string{"day": d.Day, "hours": strings.NewReplacer("\u202f", " ", "–", " to ").Replace(d.Hours)})
	}
	return days
}

// step lets a run find some more.
func (s *Server) step(run *apifyRun) {
	faults := s.faults.Get()
	switch {
	case run.Status == "READY":
		run.Status, run.published = "RUNNING", min(apifyStep, len(run.items))
	case run.Status != "RUNNING" || faults.ApifyEndless:
	case faults.ApifyEndAs != "":
		run.Status, run.Message = faults.ApifyEndAs, "The sandbox has been told to end it"
	case faults.ApifyLate && run.published+apifyStep >= len(run.items):
		run.Status = "SUCCEEDED"
	case run.published < len(run.items):
		run.published = min(run.published+apifyStep, len(run.items))
	default:
		run.Status = "SUCCEEDED"
	}
}

func (s *Server) runOf(id string) *apifyRun {
	for _, run := range s.runs {
		if run.ID == id {
			return run
		}
	}
	return nil
}

func (s *Server) changeRun(w http.ResponseWriter, id string, change func(*apifyRun)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.runOf(id)
	if run == nil {
		apifyError(w, http.StatusNotFound, "record-not-found", "Actor run was not found")
		return
	}
	change(run)
	answerJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
		"id": run.ID, "actId": "sandboxActor", "status": run.Status, "statusMessage": run.Message, "defaultDatasetId": "data-" + run.ID,
	}})
}

func (s *Server) showItems(w http.ResponseWriter, r *http.Request, dataset string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.runOf(strings.TrimPrefix(dataset, "data-"))
	if run == nil {
		apifyError(w, http.StatusNotFound, "record-not-found", "Dataset was not found")
		return
	}
	published := run.items[:run.published]
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = len(published)
	}
	if s.faults.Get().ApifyLate && run.Status == "SUCCEEDED" {
		run.published = len(run.items)
	}
	page := published[min(max(offset, 0), len(published)):]
	w.Header().Set("X-Apify-Pagination-Total", strconv.Itoa(len(published)))
	answerJSON(w, http.StatusOK, page[:min(limit, len(page))])
}

func apifyError(w http.ResponseWriter, status int, kind, message string) {
	answerJSON(w, status, map[string]any{"error": map[string]string{"type": cmp.Or(kind, "internal-server-error"), "message": message}})
}

// ApifyRuns tells how many runs of its Apify stand in a status.
func (s *Server) ApifyRuns(status string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, run := range s.runs {
		if run.Status == status {
			n++
		}
	}
	return n
}
