// The dashboard: starts each part and tells it what happens.

import { startBatch } from "./batch.js";
import { byId, setAttribute, setText } from "./dom.js";
import { startDrawer } from "./drawer.js";
import { startForm } from "./form.js";
import { tickTimes } from "./format.js";
import { finishedNotice } from "./job_text.js";
import { startJobs } from "./jobs.js";
import { startLeads } from "./leads.js";
import { connect } from "./live.js";
import { startLogin } from "./login.js";
import { notify } from "./notices.js";
import { startPoison } from "./poison.js";
import { startQueues } from "./queues.js";
import { startRunning } from "./running.js";
import { startTotals } from "./totals.js";

const TICK = 5000; // ms between updates of "3 min ago"
const POLL = 10000; // ms between reads of what no event tells
const TRY_AGAIN = 2000; // ms after a list could not be read, doubled each time
const TRY_AGAIN_MAX = 60000; // ms

startLogin();
startForm();
const totals = startTotals();
const leads = startLeads();
const drawer = startDrawer({ showLeads: leads.showOf });
const open = drawer.open;
const running = startRunning({ open });
const jobs = startJobs({ open });
const batch = startBatch();
const queues = startQueues();
const poison = startPoison();

connect({ onEvent: handle, onReload: loadAll, onState: showState });
setInterval(tickTimes, TICK);
setInterval(() => {
  if (document.hidden) return;
  queues.load().catch(() => {}); // the connection's state tells of trouble
  totals.load().catch(() => {});
  poison.refresh();
}, POLL);

let retry = 0;
let failures = 0; // in a row
async function loadAll() {
  clearTimeout(retry);
  batch.load();
  const first = await Promise.allSettled([leads.load()]); // jobs are titled by the leads' names
  const rest = await Promise.allSettled([jobs, running, queues, poison, totals].map((part) => part.load()));
  const answers = [...first, ...rest];
  const failed = answers.find(({ status }) => status === "rejected")?.reason;
  if (!failed || failed.status === 401) {
    failures = 0;
    return;
  }
  notify(failed.message, true);
  retry = setTimeout(loadAll, Math.min(TRY_AGAIN_MAX, TRY_AGAIN * 2 ** failures++));
}

function handle(type, data) {
  switch (type) {
    case "job:updated":
      jobChanged(data);
      break;
    case "scraping:progress":
    case "enrichment:progress":
      for (const part of [jobs, running, drawer]) part.progress(data);
      break;
    case "business:created":
    case "business:updated":
      leads.update(data);
      break;
    case "stats:updated":
      totals.update(data);
      break;
    case "batch:progress":
      batch.update(data);
      break;
    case "queue:updated":
      queues.update(data);
      break;
    default: {
      const notice = finishedNotice(type, data);
      if (notice) notify(notice, type === "scraping:failed");
    }
  }
}

function jobChanged(job) {
  for (const part of [jobs, running, drawer]) part.update(job);
  batch.jobChanged(job);
  if (job.status === "failed") poison.refresh();
}

function showState(state, seconds) {
  setAttribute(byId("conn"), "data-state", state);
  const texts = { connecting: "Connecting…", live: "Live", waiting: "Offline" };
  setText(byId("conn-text"), texts[state]);
  setText(byId("conn-wait"), state === "waiting" ? `next try in ${seconds} s` : "");
}
