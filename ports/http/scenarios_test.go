package http

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// scenario is one request and what follows from it.
type scenario struct {
	name   string
	send   string // method and path
	body   string
	status int
	want   string   // parts of the JSON answer
	calls  []string // what the application was made to do
	none   bool     // no business waits for enrichment
}

var scenarios = []scenario{
	{
		name: "scrape with defaults", send: "POST /api/scraper/scrape", body: `{"location":"Freehold, NJ"}`, status: 202,
		want:  `{"jobId":"new","status":"waiting","message":"Scraping job queued"}`,
		calls: []string{`Enqueue scrape_businesses normal {"location":"Freehold, NJ","radius":1,"max_results":50,"enrich":true,"priority":"normal","source":"google_maps"}`},
	},
	{
		name: "scrape with everything", send: "POST /api/scraper/scrape", status: 202, want: `{"jobId":"new"}`,
		body:  `{"location":"X","business_type":"plumbing","radius":50,"max_results":500,"enrich":false,"priority":"high","source":"google_maps"}`,
		calls: []string{`Enqueue scrape_businesses high {"location":"X","business_type":"plumbing","radius":50,"max_results":500,"enrich":false,"priority":"high","source":"google_maps"}`},
	},
	{
		name: "scrape with all faults at once", send: "POST /api/scraper/scrape", status: 400,
		body: `{"location":" ","business_type":7,"radius":0,"max_results":501,"enrich":"yes","priority":"urgent","colour":"red"}`,
		want: `{"errors":[
			{"location":"body.business_type","message":"must be a string","value":7},
			{"location":"body.colour","message":"unknown field","value":"red"},
			{"location":"body.enrich","message":"must be true or false","value":"yes"},
			{"location":"body.priority","value":"urgent"},
			{"location":"body.location","message":"must not be empty","value":" "},
			{"location":"body.radius","value":0},
			{"location":"body.max_results","value":501}]}`,
	},
	{name: "scrape from nowhere known", send: "POST /api/scraper/scrape", body: `{"location":"X","source":"moon"}`, status: 400, want: `{"errors":[{"location":"body.source","value":"moon"}]}`},
	{name: "scrape with a number beyond numbers", send: "POST /api/scraper/scrape", body: `{"location":"X","radius":1e999}`, status: 400, want: `{"errors":[{"location":"body.radius","value":"1e999"}]}`},
	{name: "scrape without a location", send: "POST /api/scraper/scrape", body: `{}`, status: 400, want: `{"errors":[{"location":"body.location","message":"is required"}]}`},
	{name: "scrape without a body", send: "POST /api/scraper/scrape", status: 400},
	{name: "scrape with half a body", send: "POST /api/scraper/scrape", body: `{"location":`, status: 400},
	{name: "scrape with a list", send: "POST /api/scraper/scrape", body: `[1]`, status: 400},
	{name: "scrape with a query", send: "POST /api/scraper/scrape?location=X", body: `{"location":"X"}`, status: 400, want: `{"errors":[{"location":"query.location","message":"unknown query parameter"}]}`},
	{name: "scrape's status", send: "GET /api/scraper/status/j1", status: 200, want: `{"jobId":"j1","status":"waiting"}`, calls: []string{"Job j1"}},
	{name: "scrape's status, unknown", send: "GET /api/scraper/status/gone", status: 404, calls: []string{"Job gone"}},

	{
		name: "enrich one", send: "POST /api/enrichment/7", status: 202, want: `{"jobId":"new","businessId":7,"status":"waiting","message":"Enrichment job queued"}`,
		calls: []string{"Business 7", `Enqueue enrich_business high {"business_id":7}`},
	},
	{name: "enrich one that is in the queue", send: "POST /api/enrichment/8", status: 202, want: `{"jobId":"its/own"}`, calls: []string{"Business 8", `Enqueue enrich_business high {"business_id":8}`, "Job its/own"}},
	{
		name: "enrich one anew", send: "POST /api/enrichment/7", body: `{"force":true}`, status: 202,
		calls: []string{"Business 7", `Enqueue enrich_business high {"business_id":7,"force":true}`},
	},
	{
		name: "enrich one, faulty", send: "POST /api/enrichment/7", body: `{"force":"yes","colour":1}`, status: 400,
		want: `{"errors":[{"location":"body.colour","message":"unknown field"},{"location":"body.force","message":"must be true or false"}]}`,
	},
	{name: "enrich another than the path says", send: "POST /api/enrichment/7", body: `{"business_id":8}`, status: 400, want: `{"errors":[{"location":"body.business_id","value":8}]}`},
	{name: "enrich with a list", send: "POST /api/enrichment/7", body: `[]`, status: 400},
	{name: "enrich unknown", send: "POST /api/enrichment/404", status: 404, calls: []string{"Business 404"}},
	{name: "enrich what is no id", send: "POST /api/enrichment/x", status: 400, want: `{"errors":[{"location":"path.id","value":"x"}]}`},
	{name: "enrich zero", send: "POST /api/enrichment/0", status: 400, want: `{"errors":[{"location":"path.id"}]}`},
	{
		name: "enrich a batch", send: "POST /api/enrichment/batch", body: `{"count":2}`, status: 202, want: `{"batchId":"batch-new","totalJobs":2,"status":"processing","message":"2 enrichment jobs queued"}`,
		calls: []string{"PendingEnrichment after=0 limit=2", `Enqueue enrich_business normal {"business_id":1}`, `Enqueue enrich_business low {"business_id":2}`},
	},
	{name: "enrich a batch by default", send: "POST /api/enrichment/batch", status: 202, want: `{"totalJobs":2}`, calls: []string{
		"PendingEnrichment after=0 limit=10", "PendingEnrichment after=2 limit=10", `Enqueue enrich_business normal {"business_id":1}`, `Enqueue enrich_business low {"business_id":2}`,
	}},
	{name: "enrich a batch of none", send: "POST /api/enrichment/batch", body: `{}`, status: 200, want: `{"message":"No pending businesses to enrich","totalJobs":0}`, none: true, calls: []string{"PendingEnrichment after=0 limit=10"}},
	{name: "enrich too many", send: "POST /api/enrichment/batch", body: `{"count":1001}`, status: 400, want: `{"errors":[{"location":"body.count","value":1001}]}`},
	{name: "batch", send: "GET /api/enrichment/batch/batch-1/status", status: 200, want: `{"batchId":"batch-1","status":"processing","total":3,"completed":1,"failed":0,"cancelled":0,"active":0,"waiting":2,"delayed":0,"progress":33}`, calls: []string{"Batch batch-1"}},
	{name: "batch, unknown", send: "GET /api/enrichment/batch/gone/status", status: 404, calls: []string{"Batch gone"}},
	{
		name: "cancel a batch", send: "DELETE /api/enrichment/batch/batch-1", status: 200, want: `{"batchId":"batch-1","cancelled":6,"message":"Batch batch-1: 6 jobs cancelled"}`,
		calls: []string{
			"Batch batch-1", "Jobs queue=enrichment state=waiting batch=batch-1 limit=200 cursor=", "Jobs queue=enrichment state=waiting batch=batch-1 limit=200 cursor=c2",
			"CancelJob j1", "CancelJob j1", "Jobs queue=enrichment state=delayed batch=batch-1 limit=200 cursor=", "Jobs queue=enrichment state=delayed batch=batch-1 limit=200 cursor=c2",
			"CancelJob j1", "CancelJob j1", "Jobs queue=enrichment state=active batch=batch-1 limit=200 cursor=", "Jobs queue=enrichment state=active batch=batch-1 limit=200 cursor=c2",
			"CancelJob j1", "CancelJob j1",
		},
	},
	{name: "cancel a batch, unknown", send: "DELETE /api/enrichment/batch/gone", status: 404, calls: []string{"Batch gone"}},
	{name: "cancel a batch, done", send: "DELETE /api/enrichment/batch/done", status: 409, calls: []string{"Batch done"}},
	{
		name: "quota", send: "GET /api/enrichment/quota", status: 200, calls: []string{"Quota", "Queues"},
		want: `{"provider":"hunter","month":"2026-11","used":510,"limit":500,"remaining":0,"resetsAt":"2026-11-24T12:00:00.000Z","rate":{"limit":10,"windowSeconds":60,"usedInWindow":3}}`,
	},

	{
		name: "jobs", send: "GET /api/jobs", status: 200, calls: []string{"Jobs queue= state= batch= limit=50 cursor="},
		want: `{"jobs":[{"jobId":"j1","queue":"scraping","data":{"location":"here"},"createdAt":"2026-11-24T12:00:00.000Z"}],"total":7,"nextCursor":"c2"}`,
	},
	{name: "jobs, selected", send: "GET /api/jobs?queue=scraping&status=active&batchId=b1&limit=200&cursor=c2", status: 200, want: `{"nextCursor":null}`, calls: []string{"Jobs queue=scraping state=active batch=b1 limit=200 cursor=c2"}},
	{name: "jobs, faulty", send: "GET /api/jobs?queue=x&status=y&limit=201", status: 400, want: `{"errors":[{"location":"query.queue","value":"x"},{"location":"query.status","value":"y"},{"location":"query.limit","value":201}]}`},
	{name: "jobs, faulty and unknown", send: "GET /api/jobs?queue=x&page=2&colour=red", status: 400, want: `{"errors":[{"location":"query.queue","value":"x"},{"location":"query.colour","value":"red"},{"location":"query.page","value":"2"}]}`},
	{name: "jobs, no number", send: "GET /api/jobs?limit=many", status: 400, want: `{"errors":[{"location":"query.limit","value":"many"}]}`},
	{name: "jobs, unknown parameter", send: "GET /api/jobs?page=2", status: 400, want: `{"errors":[{"location":"query.page","message":"unknown query parameter"}]}`},
	{name: "failed jobs", send: "GET /api/jobs/failed", status: 200, want: `{"total":7}`, calls: []string{"Jobs queue= state=failed batch= limit=50 cursor="}},
	{name: "failed jobs of a queue", send: "GET /api/jobs/failed?queue=enrichment&limit=2", status: 200, calls: []string{"Jobs queue=enrichment state=failed batch= limit=2 cursor="}},
	{name: "job", send: "GET /api/jobs/j1", status: 200, want: `{"jobId":"j1"}`, calls: []string{"Job j1"}},
	{name: "job with a strange id", send: "GET /api/jobs/my%2Fown%20id%25", status: 200, want: `{"jobId":"my/own id%"}`, calls: []string{"Job my/own id%"}},
	{name: "job with a broken escape", send: "GET /api/scraper/status/x%zz", status: 400, want: `{"errors":[{"location":"path.jobId","value":"x%zz"}]}`},
	{name: "job, unknown", send: "GET /api/jobs/gone", status: 404, want: `{"detail":"job \"gone\" does not exist"}`, calls: []string{"Job gone"}},
	{name: "logs", send: "GET /api/jobs/a%20b/logs", status: 200, want: `{"jobId":"a b","logs":[{"timestamp":"2026-11-24T12:00:00.000Z","level":"info","message":"started"}],"total":1}`, calls: []string{"JobLogs a b limit=200 cursor="}},
	{name: "logs, a page", send: "GET /api/jobs/j1/logs?limit=1000&cursor=c", status: 200, calls: []string{"JobLogs j1 limit=1000 cursor=c"}},
	{name: "logs, too many", send: "GET /api/jobs/j1/logs?limit=1001", status: 400, want: `{"errors":[{"location":"query.limit"}]}`},
	{name: "logs, unknown", send: "GET /api/jobs/gone/logs", status: 404, calls: []string{"JobLogs gone limit=200 cursor="}},
	{name: "retry", send: "POST /api/jobs/j1/retry", status: 200, want: `{"message":"Job j1 retry queued"}`, calls: []string{"RetryJob j1"}},
	{name: "retry, unknown", send: "POST /api/jobs/gone/retry", status: 404, calls: []string{"RetryJob gone"}},
	{name: "retry, not failed", send: "POST /api/jobs/done/retry", status: 409, calls: []string{"RetryJob done"}},
	{name: "retry all failed", send: "POST /api/jobs/failed/retry", status: 200, want: `{"retried":4}`, calls: []string{"RetryFailed queue="}},
	{name: "retry a queue's failed", send: "POST /api/jobs/failed/retry?queue=scraping", status: 200, calls: []string{"RetryFailed queue=scraping"}},
	{name: "retry failed, no queue", send: "POST /api/jobs/failed/retry?queue=x", status: 400, want: `{"errors":[{"location":"query.queue"}]}`},
	{name: "cancel", send: "DELETE /api/jobs/j1", status: 200, want: `{"message":"Job j1 cancelled"}`, calls: []string{"CancelJob j1"}},
	{name: "cancel, unknown", send: "DELETE /api/jobs/gone", status: 404, calls: []string{"CancelJob gone"}},
	{name: "cancel, finished", send: "DELETE /api/jobs/done", status: 409, calls: []string{"CancelJob done"}},

	{name: "queues", send: "GET /api/queues", status: 200, want: `[{"name":"scraping","paused":false,"waiting":2},{"name":"enrichment","rate":{"limit":10}}]`, calls: []string{"Queues"}},
	{name: "pause", send: "POST /api/queues/scraping/pause", status: 200, want: `{"message":"Queue scraping paused"}`, calls: []string{"SetPaused scraping true"}},
	{name: "resume", send: "POST /api/queues/enrichment/resume", status: 200, want: `{"message":"Queue enrichment resumed"}`, calls: []string{"SetPaused enrichment false"}},
	{name: "pause, unknown", send: "POST /api/queues/x/pause", status: 404},

	{
		name: "poison", send: "GET /api/poison", status: 200, calls: []string{"Poison queue= limit=50 cursor="},
		want: `{"entries":[{"id":"p1","queue":"scraping","payload":"{","reason":"not JSON","attempts":1,"failedAt":"2026-11-24T12:00:00.000Z","metadata":{"a":"b"}}],"total":1,"nextCursor":null}`,
	},
	{name: "poison, selected", send: "GET /api/poison?queue=commands&limit=9&cursor=c", status: 200, calls: []string{"Poison queue=commands limit=9 cursor=c"}},
	{name: "poison, no queue", send: "GET /api/poison?queue=x", status: 400, want: `{"errors":[{"location":"query.queue"}]}`},
	{name: "poison entry", send: "GET /api/poison/scraping%3A1-0", status: 200, want: `{"id":"scraping:1-0"}`, calls: []string{"PoisonEntry scraping:1-0"}},
	{name: "poison entry, unknown", send: "GET /api/poison/gone", status: 404, calls: []string{"PoisonEntry gone"}},
	{name: "requeue", send: "POST /api/poison/scraping:1-0/requeue", status: 200, want: `{"message":"Poison entry scraping:1-0 requeued"}`, calls: []string{"RequeuePoison scraping:1-0"}},
	{name: "requeue all", send: "POST /api/poison/requeue", status: 200, want: `{"requeued":5}`, calls: []string{"RequeueAllPoison queue="}},
	{name: "requeue a queue", send: "POST /api/poison/requeue?queue=enrichment", status: 200, calls: []string{"RequeueAllPoison queue=enrichment"}},
	{name: "discard", send: "DELETE /api/poison/p1", status: 200, want: `{"message":"Poison entry p1 discarded"}`, calls: []string{"DiscardPoison p1"}},

	{
		name: "businesses", send: "GET /api/businesses", status: 200, want: `{"businesses":[{"id":1,"name":"Pipes & Co","phone":null,"rating":null,"contacts":[]}],"total":1,"nextCursor":null}`,
		calls: []string{"List {Text: City: BusinessType: EnrichmentStatus: JobID: HasEmail:false HasPhone:false HasWebsite:false Sort:-created_at Limit:50 Cursor:}"},
	},
	{
		name: "businesses, selected", status: 200,
		send:  "GET /api/businesses?q=a%20b&city=c&business_type=t&enrichment_status=enriched&job_id=j&has=email,website&sort=-name&limit=500&cursor=x",
		calls: []string{"List {Text:a b City:c BusinessType:t EnrichmentStatus:enriched JobID:j HasEmail:true HasPhone:false HasWebsite:true Sort:-name Limit:500 Cursor:x}"},
	},
	{name: "businesses, faulty", send: "GET /api/businesses?has=email,fax&sort=age&limit=501&enrichment_status=x", status: 400, want: `{"errors":[{"location":"query.enrichment_status"},{"location":"query.has[1]","value":"fax"},{"location":"query.sort"},{"location":"query.limit"}]}`},
	{name: "business", send: "GET /api/businesses/7", status: 200, want: `{"id":7,"contacts":[],"website":null,"created_at":"2026-11-24T12:00:00.000Z"}`, calls: []string{"Business 7"}},
	{name: "business, unknown", send: "GET /api/businesses/404", status: 404, calls: []string{"Business 404"}},
	{name: "business, no id", send: "GET /api/businesses/x", status: 400, want: `{"errors":[{"location":"path.id","value":"x"}]}`},
	{name: "annotate", send: "PATCH /api/businesses/7", body: `{"notes":"call","tags":["a"]}`, status: 200, want: `{"id":7}`, calls: []string{`Annotate 7 {"notes":"call","tags":["a"]}`, "PublishBusiness business:updated 7"}},
	{name: "annotate one thing", send: "PATCH /api/businesses/7", body: `{"tags":[]}`, status: 200, calls: []string{`Annotate 7 {"notes":null,"tags":[]}`, "PublishBusiness business:updated 7"}},
	{name: "annotate what is not ours", send: "PATCH /api/businesses/7", body: `{"name":"x","notes":7,"tags":"a"}`, status: 400, want: `{"errors":[{"location":"body.notes","value":7},{"location":"body.tags","value":"a"},{"location":"body.name"}]}`},
	{name: "annotate nothing", send: "PATCH /api/businesses/7", status: 400},
	{name: "annotate with half a body", send: "PATCH /api/businesses/7", body: `{"notes":`, status: 400},
	{name: "annotate, unknown", send: "PATCH /api/businesses/404", body: `{}`, status: 404, calls: []string{`Annotate 404 {"notes":null,"tags":null}`}},
	{name: "forget", send: "DELETE /api/businesses/7", status: 200, want: `{"message":"Business 7 deleted"}`, calls: []string{"Delete 7"}},
	{name: "forget, unknown", send: "DELETE /api/businesses/404", status: 404, calls: []string{"Delete 404"}},

	{
		name: "stats", send: "GET /api/stats", status: 200, calls: []string{"Count 2026-11-24T00:00:00.000Z 2026-11-24T11:00:00.000Z", "Queues"},
		want: `{"businesses":{"total":5,"pending":2,"enriched":3,"noContacts":0,"failed":0},"contacts":{"total":6},
			"jobs":{"waiting":5,"delayed":0,"active":0,"completed":0,"failed":1,"cancelled":1},
			"throughput":{"windowSeconds":3600,"jobs":30,"businesses":4,"jobsPerMinute":0.5},
			"today":{"since":"2026-11-24T00:00:00.000Z","businesses":1,"enriched":5,"contacts":7,"jobsCompleted":8,"jobsFailed":9,"jobsCancelled":0}}`,
	},
	{name: "alive", send: "GET /healthz", status: 200, want: `{"status":"ok"}`},
	{name: "ready", send: "GET /readyz", status: 200, want: `{"status":"ok"}`},

	{name: "no such path", send: "GET /api/nothing", status: 404},
	{name: "no such page", send: "GET /nothing", status: 404},
	{name: "no such file", send: "GET /assets/nothing.js", status: 404},
	{name: "wrong method", send: "GET /api/scraper/scrape", status: 405},
	{name: "wrong method on an id", send: "PUT /api/jobs/j1", body: `{}`, status: 405},
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, row := range scenarios {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := &world{none: row.none}
			method, path, _ := strings.Cut(row.send, " ")
			answer := serve(t, w).send(method, path, row.body)
			if answer.StatusCode != row.status {
				t.Fatalf("status %d, want %d: %s", answer.StatusCode, row.status, answer.body)
			}
			if row.status >= 400 {
				answer.wantProblem(t, row.status)
			} else if got := answer.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			if row.want != "" {
				var got, want any
				if json.Unmarshal(answer.body, &got) != nil || json.Unmarshal([]byte(row.want), &want) != nil || !contains(got, want) {
					t.Errorf("answer %s\nwants %s", answer.body, row.want)
				}
			}
			if calls := w.noted(); !slices.Equal(calls, row.calls) {
				t.Errorf("calls %q\nwant  %q", calls, row.calls)
			}
		})
	}
}

func TestScrapeSaysWhereItsJobIs(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	for _, row := range [][3]string{{"/api/scraper/scrape", `{"location":"X"}`, "/api/jobs/new"}, {"/api/enrichment/8", "", "/api/jobs/its%2Fown"}} {
		if got := s.send("POST", row[0], row[1]).Header.Get("Location"); got != row[2] {
			t.Errorf("%s: Location %q, want %q", row[0], got, row[2])
		}
	}
}

func TestWrongMethodNamesTheRightOnes(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	for path, want := range map[string]string{"/api/jobs/j1": "GET, DELETE", "/api/businesses/7": "GET, DELETE, PATCH", "/healthz": "GET"} {
		answer := s.send("PUT", path, "")
		answer.wantProblem(t, 405)
		got := strings.Split(answer.Header.Get("Allow"), ", ")
		slices.Sort(got)
		wanted := strings.Split(want, ", ")
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: Allow %q, want %q", path, got, wanted)
		}
	}
}
