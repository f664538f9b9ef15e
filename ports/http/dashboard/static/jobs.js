// The list of jobs, with retry and cancel.

import * as api from "./api.js";
import { byId, el, setAttribute, setText } from "./dom.js";
import { timeOf } from "./format.js";
import { advanced, attempts, canCancel, canRetry, jobNote, jobTitle, merged, retriedNotice, took } from "./job_text.js";
import { KeyedList } from "./keyed_list.js";
import { attempt, notify } from "./notices.js";
import { PagedList, showCount } from "./paged_list.js";
import { progressBar } from "./progress.js";

const PAGE = 50;
const ROWS = 200; // live rows; reading further pages raises it

// startJobs runs the list; open(jobId) shows one job's details.
export function startJobs({ open }) {
  const form = byId("job-filters");
  const filters = () => Object.fromEntries(new FormData(form));
  const list = new KeyedList({ body: byId("job-rows"), key: (job) => job.jobId, compare: newestFirst, build: (job) => jobRow(job, open), cap: ROWS });
  const paged = new PagedList({
    list,
    more: byId("job-more"),
    pageSize: PAGE,
    matches: (job) => matches(job, filters()),
    fetchPage: async (page) => {
      const { jobs, total, nextCursor } = await api.jobs({ ...filters(), ...page });
      return { items: jobs ?? [], total, nextCursor };
    },
    onShown: (total, size) => shown(total, size, filters()),
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => paged.load().catch((err) => notify(err.message, true)));
  byId("retry-failed").addEventListener("click", (event) => retryFailed(event.currentTarget, filters().queue));

  return {
    load: () => paged.load(),
    update: (job) => paged.change(merged(list.get(job.jobId), job)),
    progress: (event) => {
      const job = list.get(event.jobId);
      if (job) list.put(advanced(job, event));
    },
  };
}

function newestFirst(a, b) {
  return b.createdAt.localeCompare(a.createdAt) || b.jobId.localeCompare(a.jobId);
}

function matches(job, { queue, status }) {
  return (!queue || job.queue === queue) && (!status || job.status === status);
}

function shown(total, size, { queue, status }) {
  showCount(byId("job-count"), total);
  const empty = byId("job-empty");
  empty.hidden = size > 0;
  setText(empty, queue || status ? "No job matches these filters." : "No jobs yet. A scrape you start shows up here, with its enrichments after it.");
}

async function retryFailed(button, queue) {
  const done = await attempt(button, () => api.retryFailed(queue));
  if (done) notify(retriedNotice(done.retried));
}

function jobRow(job, open) {
  const title = el("button", { type: "button", class: "job-open", on: { click: () => open(job.jobId) } });
  const kind = el("div", { class: "sub" });
  const pill = el("span", { class: "pill" });
  const tries = el("div", { class: "sub" });
  const bar = progressBar("Progress", "job-progress");
  const note = el("div", { class: "sub" });
  const lasted = el("div", { class: "sub number" });
  const retry = actionButton("Retry", "retry-job", () => api.retryJob(job.jobId));
  const cancel = actionButton("Cancel", "cancel-job", () => api.cancelJob(job.jobId));
  cancel.classList.add("danger");
  const row = el(
    "tr",
    { class: "job-row", role: "row", data: { testid: "job-row", jobId: job.jobId, queue: job.queue } },
    cell(title, kind),
    cell(pill, tries),
    cell(bar.node, note),
    cell(timeOf(job.createdAt), lasted),
    cell(el("div", { class: "actions" }, retry, cancel)),
  );
  const update = (next) => {
    setAttribute(row, "data-status", next.status);
    setText(title, jobTitle(next));
    setText(kind, [next.queue, next.priority === "normal" ? "" : `${next.priority} priority`, next.batchId ? "in a batch" : ""].filter(Boolean).join(" · "));
    setText(pill, next.status);
    setAttribute(pill, "data-tone", next.status);
    setText(tries, attempts(next));
    bar.set(next.progress, { tone: next.status, text: next.progressMessage });
    setText(note, jobNote(next));
    note.classList.toggle("reason", next.status === "failed");
    setText(lasted, took(next));
    retry.hidden = !canRetry(next);
    cancel.hidden = !canCancel(next);
  };
  return { nodes: [row], update };
}

function cell(...children) {
  return el("td", { role: "cell" }, ...children);
}

function actionButton(label, testid, run) {
  return el("button", { type: "button", class: "quiet", data: { testid }, on: { click: (event) => attempt(event.currentTarget, run) } }, label);
}
