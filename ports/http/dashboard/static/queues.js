// The queues: what waits and runs, pause and resume.

import * as api from "./api.js";
import { byId, el, replace, setText } from "./dom.js";
import { capital, count, plural } from "./format.js";
import { attempt } from "./notices.js";

const COUNTS = ["waiting", "active", "delayed", "completed", "failed"];

// startQueues runs the panel.
export function startQueues() {
  const place = byId("queue-list");
  const panels = new Map(); // queue name → panel

  const update = (queue) => {
    if (!panels.has(queue.name)) {
      const panel = queuePanel(queue.name, load);
      panels.set(queue.name, panel);
      place.append(panel.node);
    }
    panels.get(queue.name).update(queue);
  };
  async function load() {
    for (const queue of await api.queues()) update(queue);
  }
  return { load, update };
}

function queuePanel(name, reload) {
  let paused = false;
  const state = el("span", { class: "pill" });
  const button = el("button", { type: "button", class: "quiet", data: { testid: "pause-queue" } });
  const counts = COUNTS.map((key) => [key, el("dd")]);
  const note = el("p");
  button.addEventListener("click", async () => {
    await attempt(button, () => (paused ? api.resumeQueue(name) : api.pauseQueue(name)));
    await reload().catch(() => {}); // the next event shows it as well
  });
  const node = el(
    "article",
    { class: "queue", data: { testid: "queue", queue: name } },
    el("header", {}, el("strong", {}, capital(name)), state, button),
    el("dl", {}, ...counts.map(([key, value]) => el("div", {}, el("dt", {}, capital(key)), value))),
    note,
  );
  const update = (queue) => {
    paused = queue.paused;
    node.dataset.paused = paused;
    setText(state, paused ? "paused" : "");
    state.dataset.tone = paused ? "paused" : "";
    state.hidden = !paused;
    setText(button, paused ? "Resume" : "Pause");
    button.setAttribute("aria-label", `${paused ? "Resume" : "Pause"} ${name}`);
    for (const [key, value] of counts) setText(value, count(queue[key]));
    replace(note, describe(queue));
  };
  return { node, update };
}

function describe({ workers, concurrency, rate, oldestWaitingSeconds: oldest }) {
  const parts = [workers ? `${plural(workers, "worker")}, ${plural(concurrency, "slot")}` : "No worker is running"];
  if (rate) parts.push(`${count(rate.usedInWindow)} of ${count(rate.limit)} starts in ${count(rate.windowSeconds)} s`);
  if (oldest >= 1) parts.push(`oldest waits ${count(Math.round(oldest))} s`);
  return parts.join(" · ");
}
