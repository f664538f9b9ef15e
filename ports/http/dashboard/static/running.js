// What runs at this moment, with live progress.

import * as api from "./api.js";
import { byId, el, setText } from "./dom.js";
import { advanced, jobTitle, merged } from "./job_text.js";
import { KeyedList } from "./keyed_list.js";
import { progressBar } from "./progress.js";

const SHOWN = 200; // jobs read at the start
const ROWS = 12;

export function startRunning({ open }) {
  const running = new Map(); // job id → job, also of those beyond ROWS
  let missed = []; // the newest changes, as they may overtake the answer of a load
  const list = new KeyedList({ body: byId("running-list"), key: (job) => job.jobId, compare: scrapesFirst, build: (job) => runningRow(job, open) });
  const show = () => {
    setText(byId("running-count"), running.size || "");
    byId("running-empty").hidden = running.size > 0;
  };
  // Rows are given out once more as running jobs end, so none of many is forgotten.
  const fill = () => {
    const wanted = [...running.values()].sort(scrapesFirst).slice(0, ROWS);
    const keys = new Set(wanted.map((job) => job.jobId));
    for (const { item } of list.order) if (!keys.has(item.jobId)) list.remove(item.jobId);
    for (const job of wanted) if (list.get(job.jobId) !== job) list.put(job);
    show();
  };
  const take = (job) => {
    if (job.status !== "active") return running.delete(job.jobId);
    return running.set(job.jobId, merged(running.get(job.jobId), job));
  };

  return {
    async load() {
      missed = [];
      const { jobs } = await api.jobs({ status: "active", limit: SHOWN });
      running.clear();
      for (const job of jobs ?? []) running.set(job.jobId, job);
      missed.forEach(take);
      fill();
    },
    update(job) {
      missed.push(job);
      if (missed.length > SHOWN) missed.shift();
      if (take(job)) fill();
    },
    progress(event) {
      const job = running.get(event.jobId);
      if (!job) return;
      running.set(event.jobId, advanced(job, event));
      if (list.get(event.jobId)) list.put(running.get(event.jobId));
    },
  };
}

function scrapesFirst(a, b) {
  const rank = (job) => (job.queue === "scraping" ? 0 : 1);
  return rank(a) - rank(b) || (a.startedAt ?? "").localeCompare(b.startedAt ?? "") || a.jobId.localeCompare(b.jobId);
}

function runningRow(job, open) {
  const title = el("button", { type: "button", class: "job-open", on: { click: () => open(job.jobId) } });
  const percent = el("span");
  const bar = progressBar("Progress", "running-progress");
  const message = el("div", { class: "sub" });
  const node = el(
    "article",
    { class: "running-job", data: { testid: "running-job", jobId: job.jobId } },
    el("div", { class: "line" }, title, percent),
    bar.node,
    message,
  );
  const update = (next) => {
    setText(title, jobTitle(next));
    setText(percent, `${Math.round(next.progress)} %`);
    bar.set(next.progress, { text: next.progressMessage });
    setText(message, next.progressMessage || "Working…");
  };
  return { nodes: [node], update };
}
