// The dead letters: what failed for good or never was a valid command.

import * as api from "./api.js";
import { byId, el, setText } from "./dom.js";
import { plural, timeOf, words } from "./format.js";
import { KeyedList } from "./keyed_list.js";
import { attempt, notify } from "./notices.js";
import { PagedList, showCount } from "./paged_list.js";
import { atMostEvery } from "./timing.js";

const PAGE = 20;
const READ_EVERY = 2000; // ms
const SURE_FOR = 4000; // ms in which a second click discards

export function startPoison() {
  const all = byId("poison-requeue-all");
  const reload = () => paged.load().catch((err) => notify(err.message, true));
  const list = new KeyedList({ body: byId("poison-list"), key: (entry) => entry.id, compare: newestFirst, build: (entry) => letter(entry, reload) });
  const paged = new PagedList({
    list,
    more: el("button"), // the newest page is enough to work on
    pageSize: PAGE,
    matches: () => true,
    fetchPage: async (page) => {
      const { entries, total, nextCursor } = await api.poison(page);
      return { items: entries ?? [], total, nextCursor };
    },
    onShown: (total, size) => {
      showCount(byId("poison-count"), total);
      byId("poison-empty").hidden = size > 0;
      all.hidden = size === 0;
    },
  });
  all.addEventListener("click", async () => {
    const done = await attempt(all, () => api.requeueAllPoison());
    if (!done) return;
    notify(Number.isFinite(done.requeued) ? `${plural(done.requeued, "dead letter")} requeued.` : "Requeued.");
    reload();
  });
  return { load: () => paged.load(), refresh: atMostEvery(READ_EVERY, () => paged.load()) };
}

function newestFirst(a, b) {
  return String(b.failedAt).localeCompare(String(a.failedAt)) || String(b.id).localeCompare(String(a.id));
}

function letter(entry, reload) {
  const act = async (button, run) => {
    if (await attempt(button, async () => (await run()) ?? true)) reload();
  };
  const requeue = el("button", { type: "button", class: "quiet", data: { testid: "requeue-poison" } }, "Requeue");
  const discard = el("button", { type: "button", class: "quiet danger", data: { testid: "discard-poison" } }, "Discard");
  requeue.addEventListener("click", () => act(requeue, () => api.requeuePoison(entry.id)));
  discard.addEventListener("click", () => {
    if (discard.classList.contains("sure")) return act(discard, () => api.discardPoison(entry.id));
    askAgain(discard);
  });
  const node = el(
    "li",
    { class: "letter", data: { testid: "poison-row", poisonId: entry.id } },
    el("header", {}, el("span", { class: "pill" }, entry.queue), el("strong", {}, words(entry.name || "unknown command")), timeOf(entry.failedAt), el("div", { class: "actions" }, requeue, discard)),
    el("p", { class: "reason" }, entry.reason),
    el(
      "details",
      {},
      el("summary", {}, "Payload and metadata"),
      el("pre", { class: "data" }, pretty(entry.payload)),
      el("pre", { class: "data" }, JSON.stringify({ id: entry.id, jobId: entry.jobId, handler: entry.handler, attempts: entry.attempts, metadata: entry.metadata }, null, 2)),
    ),
  );
  return { nodes: [node], update: () => {} }; // a dead letter never changes
}

// askAgain makes the next click within SURE_FOR the one that discards.
function askAgain(button) {
  button.classList.add("sure");
  setText(button, "Discard for good?");
  setTimeout(() => {
    button.classList.remove("sure");
    setText(button, "Discard");
  }, SURE_FOR);
}

function pretty(payload) {
  if (typeof payload !== "string") return JSON.stringify(payload, null, 2) ?? "";
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
