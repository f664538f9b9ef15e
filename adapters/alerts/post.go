package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"leadstream/app"
)

// TelegramURL is the address of Telegram's bots.
const TelegramURL = "https://api.telegram.org"

// Webhook posts each alert as JSON: {"type": "alert:raised", "data": {…}}.
type Webhook struct {
	HTTP *http.Client
	URL  string
}

// TellAlert posts an alert; an answer beyond 2xx is an error.
func (w *Webhook) TellAlert(ctx context.Context, eventType string, a app.AlertView) error {
	return post(ctx, w.HTTP, w.URL, map[string]any{"type": eventType, "data": a})
}

// Telegram sends each alert as a message of a bot.
// https://core.telegram.org/bots/api#sendmessage
type Telegram struct {
	HTTP    *http.Client
	BaseURL string // TelegramURL but in tests
	Token   string
	ChatID  string
}

// TellAlert sends an alert; an answer beyond 2xx is an error.
func (t *Telegram) TellAlert(ctx context.Context, eventType string, a app.AlertView) error {
	return post(ctx, t.HTTP, t.BaseURL+"/bot"+t.Token+"/sendMessage", map[string]any{"chat_id": t.ChatID, "text": "Leadstream: " + words(eventType, a)})
}

func words(eventType string, a app.AlertView) string {
	switch {
	case a.Message != "":
		return a.Message
	case eventType == app.AlertCleared:
		return fmt.Sprintf("the jobs of %s do well again; they had failed since %s", a.Queue, a.Since)
	default:
		return fmt.Sprintf("%.0f%% of the jobs of %s fail (more than %.0f%%)", a.Value*100, a.Queue, a.Threshold*100)
	}
}

// post keeps the address, which may hold a secret, out of its errors.
func post(ctx context.Context, client *http.Client, address string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding the alert: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(raw))
	if err != nil {
		return errors.New("the address of the alert's receiver is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("posting the alert: %w", failed.Err)
	}
	if err != nil {
		return fmt.Errorf("posting the alert: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // lets the connection be used again
	if answer.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("posting the alert: the receiver answered %d", answer.StatusCode)
	}
	return nil
}
