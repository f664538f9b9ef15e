package main

import (
	"context"
	"time"

	"leadstream/adapters/alerts"
	"leadstream/app"
	"leadstream/internal/outbound"
)

const (
	alertTimeout = 10 * time.Second // of one post
	// Alerts are checked ten times a window, within these bounds.
	alertOften  = time.Second
	alertSeldom = 30 * time.Second
)

// tellers are told of alerts, beside the readers of the event stream.
func (p *parts) tellers(events app.AlertTeller) []app.AlertTeller {
	c := p.config.Alerts
	client := outbound.NewClient(p.overrides(), alertTimeout)
	all := []app.AlertTeller{events}
	if c.WebhookURL != "" {
		all = append(all, &alerts.Webhook{HTTP: client, URL: c.WebhookURL})
	}
	if c.TelegramToken != "" {
		all = append(all, &alerts.Telegram{HTTP: client, BaseURL: alerts.TelegramURL, Token: c.TelegramToken, ChatID: c.TelegramChatID})
	}
	return all
}

// watchAlerts checks the queues' failures while the service runs; every
// process does, and what one finds the others do not tell again.
func (p *parts) watchAlerts(ctx context.Context) error {
	rule := app.AlertRule{FailureRate: p.config.Alerts.FailureRate, Window: p.config.Alerts.Window}
	tick := time.NewTicker(min(max(rule.Window/10, alertOften), alertSeldom))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.work.CheckAlerts(ctx, rule); err != nil && ctx.Err() == nil {
			p.log.Warn("alerts not checked or not told", "error", err)
		}
	}
}
