// "Enrich pending": a batch of enrichments and its progress.

import * as api from "./api.js";
import { byId, el, replace, setText } from "./dom.js";
import { count, plural } from "./format.js";
import { attempt, notify } from "./notices.js";
import { progressBar } from "./progress.js";
import { atMostEvery } from "./timing.js";

const READ_EVERY = 1000; // ms
const REMEMBERED = "leadstream.batch";

export function startBatch() {
  const form = byId("batch-form");
  const place = byId("batch-progress");
  const text = el("span");
  const bar = progressBar("Batch progress", "batch-bar");
  replace(place, text, bar.node);
  let current = sessionStorage.getItem(REMEMBERED) ?? "";

  const show = (batch) => {
    if (batch.batchId !== current) return;
    place.hidden = false;
    place.dataset.status = batch.status;
    setText(text, summary(batch));
    bar.set(batch.progress, { tone: batch.status === "completed" ? "completed" : "active" });
    if (batch.status === "completed") sessionStorage.removeItem(REMEMBERED);
  };
  const read = atMostEvery(READ_EVERY, async () => {
    if (current) show(await api.batch(current));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const size = Number(byId("batch-count").value) || undefined;
    const queued = await attempt(form.querySelector("button"), () => api.enrichBatch(size));
    if (!queued) return;
    notify(queued.message);
    if (!queued.batchId) return;
    current = queued.batchId;
    sessionStorage.setItem(REMEMBERED, current);
    read();
  });

  return {
    load: read,
    update: show,
    // A batch changes as its jobs do, so its state is read again then.
    jobChanged: (job) => {
      if (current && job.batchId === current) read();
    },
  };
}

function summary(batch) {
  const done = batch.completed + batch.failed + batch.cancelled;
  const parts = [`Enriched ${count(done)} of ${plural(batch.total, "lead")}`];
  if (batch.failed) parts.push(`${count(batch.failed)} failed`);
  if (batch.cancelled) parts.push(`${count(batch.cancelled)} cancelled`);
  if (batch.active) parts.push(`${count(batch.active)} running`);
  return parts.join(", ");
}
