// One job in full: its state, data, result and log.

import * as api from "./api.js";
import { byId, el, icon, replace } from "./dom.js";
import { clockTime, fullTime, timeOf, words } from "./format.js";
import { advanced, attempts, canCancel, canRetry, jobTitle, merged, took } from "./job_text.js";
import { attempt, notify } from "./notices.js";
import { progressBar } from "./progress.js";
import { atMostEvery, onFrame } from "./timing.js";

const LOG_LINES = 1000;
const READ_EVERY = 1000; // ms

// startDrawer runs the drawer; showLeads(job) lists the leads a scrape found.
export function startDrawer({ showLeads }) {
  const dialog = byId("job-drawer");
  let job = null;
  let logs = [];
  const draw = onFrame(() => {
    if (job) drawJob(dialog, job, logs, showLeads);
  });
  const read = atMostEvery(READ_EVERY, async () => {
    if (!job) return;
    const id = job.jobId;
    const [fresh, page] = await Promise.all([api.job(id), api.jobLogs(id, { limit: LOG_LINES })]);
    if (job?.jobId !== id) return;
    job = fresh;
    logs = page.logs ?? [];
    draw();
  });

  dialog.addEventListener("close", () => (job = null));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });

  return {
    async open(id) {
      try {
        job = await api.job(id);
      } catch (err) {
        notify(err.message, true);
        return;
      }
      logs = [];
      drawJob(dialog, job, logs, showLeads);
      if (!dialog.open) dialog.showModal();
      read();
    },
    update(next) {
      if (job?.jobId !== next.jobId) return;
      job = merged(job, next);
      draw();
      read();
    },
    progress(event) {
      if (job?.jobId !== event.jobId) return;
      job = advanced(job, event);
      draw();
      read();
    },
  };
}

function drawJob(dialog, job, logs, showLeads) {
  const focused = document.activeElement?.dataset?.testid;
  const scrolled = dialog.scrollTop;
  replace(
    dialog,
    el(
      "div",
      { class: "drawer-head" },
      el("h2", { id: "drawer-title" }, jobTitle(job)),
      el("button", { type: "button", class: "icon", "aria-label": "Close", data: { testid: "close-drawer" }, on: { click: () => dialog.close() } }, icon("close")),
    ),
    el("div", { class: "drawer-body" }, state(job), actions(dialog, job, showLeads), failure(job), facts(job), json("Data", job.data), json("Result", job.result), log(logs)),
  );
  dialog.scrollTop = scrolled;
  if (focused) dialog.querySelector(`[data-testid="${focused}"]`)?.focus();
}

function state(job) {
  const bar = progressBar("Progress", "drawer-progress");
  bar.set(job.progress, { tone: job.status, text: job.progressMessage });
  return el(
    "div",
    { class: "running-job" },
    el("div", { class: "line" }, el("span", { class: "pill", data: { tone: job.status } }, job.status), el("span", {}, `${Math.round(job.progress)} %`)),
    bar.node,
    job.progressMessage ? el("div", { class: "sub" }, job.progressMessage) : null,
  );
}

function actions(dialog, job, showLeads) {
  const button = (label, testid, run) =>
    el("button", { type: "button", data: { testid }, on: { click: (event) => attempt(event.currentTarget, run) } }, label);
  const leads = () => {
    dialog.close();
    showLeads(job);
  };
  const shown = [
    canRetry(job) ? button("Retry", "drawer-retry", () => api.retryJob(job.jobId)) : null,
    canCancel(job) ? button("Cancel job", "drawer-cancel", () => api.cancelJob(job.jobId)) : null,
    job.queue === "scraping" ? el("button", { type: "button", data: { testid: "show-leads" }, on: { click: leads } }, "Show its new leads") : null,
  ].filter(Boolean);
  return shown.length ? el("div", { class: "actions" }, ...shown) : null;
}

function failure(job) {
  return job.failedReason && job.status !== "completed" ? el("p", { class: "failure" }, job.failedReason) : null;
}

function facts(job) {
  const rows = [
    ["Job", el("code", {}, job.jobId)],
    ["Queue", `${job.queue}, ${job.priority} priority`],
    ["Attempts", attempts(job) || `${job.attemptsMade} of ${job.maxAttempts}`],
    ["Created", timeOf(job.createdAt)],
    ["Started", timeOf(job.startedAt)],
    ["Finished", timeOf(job.finishedAt)],
    ["Took", took(job)],
    ["Next attempt", job.status === "delayed" ? timeOf(job.nextAttemptAt) : ""],
    ["Batch", job.batchId ? el("code", {}, job.batchId) : ""],
    ["Follows from", job.parentJobId ? el("code", {}, job.parentJobId) : ""],
  ];
  return el("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function json(title, value) {
  if (value === null || value === undefined) return null;
  const plain = typeof value === "object" && !Array.isArray(value) && Object.values(value).every((v) => typeof v !== "object" || v === null);
  return el("section", {}, el("h3", {}, title), plain ? flat(value) : el("pre", { class: "data" }, JSON.stringify(value, null, 2)));
}

function flat(value) {
  return el("dl", { class: "facts" }, ...Object.entries(value).flatMap(([name, v]) => [el("dt", {}, words(name)), el("dd", {}, String(v ?? "–"))]));
}

function log(lines) {
  const items = lines.map((line) =>
    el("li", { data: { level: line.level } }, el("time", { datetime: line.timestamp, title: fullTime(line.timestamp) }, clockTime(line.timestamp)), el("span", {}, line.message)),
  );
  return el("section", {}, el("h3", {}, "Log"), items.length ? el("ol", { class: "log" }, ...items) : el("p", { class: "muted" }, "Nothing logged yet."));
}
