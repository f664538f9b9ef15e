// The table of leads with its filters.

import * as api from "./api.js";
import { byId, setText } from "./dom.js";
import { jobTitle, rememberName } from "./job_text.js";
import { KeyedList } from "./keyed_list.js";
import { leadRow } from "./lead_row.js";
import { notify } from "./notices.js";
import { PagedList, showCount } from "./paged_list.js";
import { afterPause } from "./timing.js";

const PAGE = 50;
const ROWS = 300; // live rows; reading further pages raises it
const TYPING_PAUSE = 250; // ms

export function startLeads() {
  const form = byId("lead-filters");
  let ofJob = null; // the scrape whose leads are shown, or null for all
  const filters = () => readFilters(form, ofJob);
  const list = new KeyedList({
    body: byId("lead-rows"),
    key: (lead) => lead.id,
    compare: (a, b) => compareBy(form.elements.sort.value)(a, b),
    build: leadRow,
    cap: ROWS,
  });
  const paged = new PagedList({
    list,
    more: byId("lead-more"),
    pageSize: PAGE,
    matches: (lead) => matches(lead, filters()),
    fetchPage: async (page) => {
      const { businesses, total, nextCursor } = await api.businesses({ ...filters(), ...page });
      businesses?.forEach(rememberName);
      return { items: businesses ?? [], total, nextCursor };
    },
    onShown: (total, size) => shown(total, size, filters()),
  });
  const reload = () => paged.load().catch((err) => notify(err.message, true));
  const showOf = (job) => {
    ofJob = job;
    const chip = byId("lead-job");
    chip.hidden = !job;
    setText(chip, job ? `From: ${jobTitle(job)}  ×` : "");
    reload();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", afterPause(TYPING_PAUSE, reload));
  byId("lead-job").addEventListener("click", () => showOf(null));

  return {
    load: () => paged.load(),
    update(lead) {
      rememberName(lead);
      paged.change({ ...lead, contacts: lead.contacts ?? list.get(lead.id)?.contacts ?? [] });
    },
    showOf(job) {
      showOf(job);
      byId("leads").scrollIntoView();
      byId("leads").focus({ preventScroll: true });
    },
  };
}

function readFilters(form, ofJob) {
  const data = new FormData(form);
  const text = (name) => String(data.get(name) ?? "").trim();
  return {
    q: text("q"),
    city: text("city"),
    enrichment_status: text("enrichment_status"),
    has: data.getAll("has").join(","),
    sort: text("sort"),
    job_id: ofJob?.jobId ?? "",
  };
}

// matches repeats the server's filters for leads that events bring.
function matches(lead, { q, city, enrichment_status: status, has, job_id: jobId }) {
  const holds = (part, ...texts) => !part || texts.some((text) => text?.toLowerCase().includes(part.toLowerCase()));
  const kinds = new Set((lead.contacts ?? []).map((contact) => contact.kind));
  const owns = { email: kinds.has("email"), phone: Boolean(lead.phone) || kinds.has("phone"), website: Boolean(lead.website) };
  return (
    holds(q, lead.name, lead.address, lead.category) &&
    holds(city, lead.city) &&
    (!status || lead.enrichment_status === status) &&
    (!jobId || lead.first_seen_job === jobId) &&
    has.split(",").every((what) => !what || owns[what])
  );
}

function compareBy(sort) {
  const descending = sort.startsWith("-");
  const by = orders[sort.replace("-", "")];
  return (a, b) => (descending ? by(b, a) || b.id - a.id : by(a, b) || a.id - b.id);
}

const orders = {
  created_at: (a, b) => a.created_at.localeCompare(b.created_at),
  name: (a, b) => a.name.localeCompare(b.name),
  rating: (a, b) => (a.rating ?? -1) - (b.rating ?? -1),
};

function shown(total, size, { sort: _, ...filters }) {
  showCount(byId("lead-count"), total);
  const empty = byId("lead-empty");
  empty.hidden = size > 0;
  const filtered = Object.values(filters).some(Boolean);
  setText(empty, filtered ? "No lead matches these filters." : "No leads yet. Say what you look for and where, then start a scrape: businesses appear here as they are found.");
}
