package alerts_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/alerts"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

func TestEachChangeIsOneProcesss(t *testing.T) {
	t.Parallel()
	client := testenv.SharedRedis(t).Client()
	book := alerts.NewBook(client)
	at := time.Date(2026, 11, 24, 12, 0, 0, 5e6, time.UTC)
	var raised, cleared atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if mine, err := book.Raise(t.Context(), "a", at); err != nil {
				t.Error(err)
			} else if mine {
				raised.Add(1)
			}
		})
	}
	wg.Wait()
	for range 20 {
		wg.Go(func() {
			since, mine, err := book.Clear(t.Context(), "a")
			if err != nil || mine && !since.Equal(at) {
				t.Errorf("since %s, %v", since, err)
			} else if mine {
				cleared.Add(1)
			}
		})
	}
	wg.Wait()
	if raised.Load() != 1 || cleared.Load() != 1 {
		t.Errorf("raised %d times, cleared %d times", raised.Load(), cleared.Load())
	}
	_ = client.Close()
	_, err := book.Raise(t.Context(), "a", at)
	_, _, errClear := book.Clear(t.Context(), "a")
	if !fault.Is(err, fault.Unavailable) || !fault.Is(errClear, fault.Unavailable) {
		t.Errorf("without Redis: %v, %v", err, errClear)
	}
}

func TestPosts(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(http.StatusOK)
	heard := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard <- r.URL.Path + " " + string(body)
		w.WriteHeader(int(status.Load()))
	}))
	defer receiver.Close()
	view := app.AlertView{Name: "failure_rate", Queue: "scraping", Value: 0.25, Threshold: 0.1, Since: "2026-11-24T12:00:00.000Z"}
	for name, row := range map[string]struct {
		teller app.AlertTeller
		want   []string
	}{
		"webhook":  {&alerts.Webhook{HTTP: receiver.Client(), URL: receiver.URL + "/hook"}, []string{"/hook ", `"type":"alert:raised"`, `"value":0.25`, `"since":"2026-`}},
		"telegram": {&alerts.Telegram{HTTP: receiver.Client(), BaseURL: receiver.URL, Token: "secret", ChatID: "7"}, []string{"/botsecret/sendMessage ", `"chat_id":"7"`, "25% of the jobs of scraping fail"}},
	} {
		if err := row.teller.TellAlert(t.Context(), app.AlertRaised, view); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := <-heard
		for _, part := range row.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s posted %s, which lacks %s", name, got, part)
			}
		}
		status.Store(http.StatusForbidden)
		if err := row.teller.TellAlert(t.Context(), app.AlertCleared, view); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", name, err)
		}
		<-heard
		status.Store(http.StatusOK)
	}
	refused := app.AlertView{Name: app.AlertProviderRefused, Queue: "enrichment", Value: 1, Message: "the key is refused"}
	telegram := &alerts.Telegram{HTTP: receiver.Client(), BaseURL: receiver.URL, Token: "secret", ChatID: "7"}
	if err := telegram.TellAlert(t.Context(), app.AlertRaised, refused); err != nil {
		t.Error(err)
	}
	if got := <-heard; !strings.Contains(got, "Leadstream: the key is refused") {
		t.Errorf("posted %s", got)
	}
	nobody := &alerts.Telegram{HTTP: receiver.Client(), BaseURL: "http://127.0.0.1:1", Token: "secret"}
	if err := nobody.TellAlert(t.Context(), app.AlertRaised, view); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
