package workqueue

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

// The scripts, each described at the head of its file.
var (
	enqueueScript = load("enqueue")
	workScript    = load("endings", "starting", "work")
	renewScript   = load("renew")
	leaveScript   = load("leave")
	cancelScript  = load("cancel")
	requeueScript = load("requeue")
	noteScript    = load("note")
	statsScript   = load("stats")
	pauseScript   = load("pause")
	activeScript  = load("active")
	getScript     = load("get")
	indexPage     = load("index")
	completedPage = load("completed")

	inboxPoisonScript  = redis.NewScript(source("inbox_poison"))
	inboxRequeueScript = redis.NewScript(source("inbox_requeue"))
)

// load makes a script of what all share and the given files.
func load(names ...string) *redis.Script {
	var text strings.Builder
	for _, name := range append([]string{"common", "jobs"}, names...) {
		text.WriteString(source(name))
	}
	return redis.NewScript(text.String())
}

func source(name string) string {
	text, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("embedded script %s: %v", name, err))
	}
	return string(text)
}

// run calls a script by its hash, sending its text only when Redis does not know it.
func (c *Client) run(ctx context.Context, script *redis.Script, topic string, args ...any) (any, error) {
	return script.Run(ctx, c.config.Client, c.scriptKeys(topic), append(c.scriptHead(topic), args...)...).Result()
}

// scriptKeys are every script's keys, scriptHead the arguments all have first;
// see common.lua.
func (c *Client) scriptKeys(topic string) []string { return []string{c.prefix(topic), c.eventKey()} }

func (c *Client) scriptHead(topic string) []any {
	emit := 0
	if c.config.EventStream != "" {
		emit = 1
	}
	return []any{emit, c.config.EventsMaxLen, topic}
}
