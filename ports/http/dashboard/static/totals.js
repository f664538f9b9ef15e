// The totals at the top, as /api/stats tells them.

import * as api from "./api.js";
import { byId, setAttribute, setText } from "./dom.js";
import { count } from "./format.js";

export function startTotals() {
  const place = byId("totals");
  const show = (name, value, note = "") => {
    const total = place.querySelector(`[data-total="${name}"]`);
    setText(total, count(value));
    if (note) setAttribute(total, "title", note);
  };
  const update = ({ businesses, contacts, jobs, today, throughput }) => {
    show("leads", businesses.total, `${count(today.businesses)} found today`);
    show("enriched", businesses.enriched, `${count(today.enriched)} got a contact today`);
    show("contacts", contacts.total, `${count(today.contacts)} found today`);
    show("pending", businesses.pending);
    show("running", jobs.active, `${count(throughput.jobs)} jobs finished within the last hour`);
    show("waiting", jobs.waiting + jobs.delayed);
    show("failed", jobs.failed, `${count(today.jobsFailed)} failed today`);
    place.querySelector('[data-total="failed"]').classList.toggle("alert", jobs.failed > 0);
  };
  return { update, load: async () => update(await api.stats()) };
}
