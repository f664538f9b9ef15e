// The totals at the top, from what the lists' own routes count.

import * as api from "./api.js";
import { byId, setText } from "./dom.js";
import { count } from "./format.js";
import { atMostEvery } from "./timing.js";

const READ_EVERY = 1500; // ms

export function startTotals() {
  const place = byId("totals");
  const show = (name, value) => setText(place.querySelector(`[data-total="${name}"]`), count(value));
  const load = async () => {
    const total = async (status) => (await api.businesses({ enrichment_status: status, limit: 1 })).total;
    const [leads, enriched, pending] = await Promise.all([total(""), total("enriched"), total("pending")]);
    show("leads", leads);
    show("enriched", enriched);
    show("pending", pending);
  };
  return {
    load,
    refresh: atMostEvery(READ_EVERY, load),
    queuesChanged(queues) {
      const sum = (key) => queues.reduce((n, queue) => n + (queue[key] ?? 0), 0);
      show("running", sum("active"));
      show("waiting", sum("waiting") + sum("delayed"));
      show("failed", sum("failed"));
      place.querySelector('[data-total="failed"]').classList.toggle("alert", sum("failed") > 0);
    },
  };
}
