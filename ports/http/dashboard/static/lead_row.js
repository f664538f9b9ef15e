// One lead: its row in the table and, unfolded, its contacts.

import * as api from "./api.js";
import { el, icon, replace, setAttribute, setText } from "./dom.js";
import { capital, count, fullTime, plural, webLink, words } from "./format.js";
import { attempt, notify } from "./notices.js";
import { progressBar } from "./progress.js";

const COLUMNS = 6;
const FRESH_FOR = 1600; // ms, as the fade in lists.css

// leadRow makes the rows of a lead: {nodes, update(lead)}.
export function leadRow(lead, fresh) {
  let now = lead;
  const moreId = `lead-${lead.id}-more`;
  const name = el("strong");
  const kind = el("div", { class: "sub" });
  const fold = el("button", { type: "button", class: "icon", "aria-expanded": "false", "aria-controls": moreId, data: { testid: "lead-expand" } }, icon("chevron"));
  const where = el("div");
  const reach = el("div");
  const rating = el("div", { class: "rating" });
  const pill = el("span", { class: "pill" });
  const best = el("div", { class: "sub" });
  const enrich = el("button", { type: "button", class: "quiet", data: { testid: "enrich-lead" } }, "Enrich");
  const row = el(
    "tr",
    { class: fresh ? "lead-row fresh" : "lead-row", role: "row", data: { testid: "lead-row", businessId: lead.id } },
    cell(el("div", { class: "lead-name" }, fold, el("div", {}, name, kind))),
    cell(where),
    cell(reach),
    cell(rating),
    cell(pill, best),
    cell(el("div", { class: "actions" }, enrich)),
  );
  if (fresh) setTimeout(() => row.classList.remove("fresh"), FRESH_FOR);
  const more = el("tr", { class: "lead-more", role: "row", id: moreId, hidden: true, data: { testid: "lead-contacts" } }, el("td", { role: "cell", colspan: COLUMNS }));
  const unfolded = () => !more.hidden;
  const drawMore = () => replace(more.firstElementChild, ...details(now));

  fold.addEventListener("click", async () => {
    more.hidden = !more.hidden;
    setAttribute(fold, "aria-expanded", unfolded());
    row.classList.toggle("open", unfolded());
    if (!unfolded()) return;
    drawMore();
    const full = await attempt(fold, () => api.business(lead.id));
    if (full) update(full);
  });
  enrich.addEventListener("click", async () => {
    const queued = await attempt(enrich, () => api.enrich(lead.id));
    if (queued) notify(`Looking for contacts of ${now.name}.`);
  });

  const drawPlace = whenChanged(placeFields, (next) => {
    setAttribute(fold, "aria-label", `Contacts of ${next.name}`);
    setAttribute(enrich, "aria-label", `Enrich ${next.name}`);
    setText(name, next.name);
    drawKind(kind, next);
    drawWhere(where, next);
    drawReach(reach, next);
    setText(rating, ratingText(next));
  });
  function update(next) {
    now = next;
    setAttribute(row, "data-enrichment-status", next.enrichment_status);
    drawPlace(next);
    drawContacts(pill, best, next);
    if (unfolded()) drawMore();
  }
  return { nodes: [row, more], update };
}

// whenChanged draws only when one of the fields is another than last time:
// most updates of a lead bring contacts and leave the place as it was.
function whenChanged(fields, draw) {
  let last = null;
  return (lead) => {
    const key = JSON.stringify(fields.map((field) => lead[field]));
    if (key === last) return;
    last = key;
    draw(lead);
  };
}

const placeFields = ["name", "category", "business_type", "price", "status", "city", "state", "street", "address", "phone", "phone_national", "website", "rating", "reviews_count"];

function ratingText({ rating, reviews_count: reviews }) {
  if (!Number.isFinite(rating)) return "–";
  return `${rating.toFixed(1)} ★${reviews ? ` (${count(reviews)})` : ""}`;
}

function cell(...children) {
  return el("td", { role: "cell" }, ...children);
}

function drawKind(node, lead) {
  const closed = lead.status && lead.status !== "open" ? el("span", { class: "pill", data: { tone: lead.status } }, words(lead.status)) : null;
  replace(node, [lead.category || lead.business_type, lead.price].filter(Boolean).join(" · "), closed ? " " : null, closed);
}

function drawWhere(node, lead) {
  const place = [lead.city, lead.state].filter(Boolean).join(", ");
  const street = lead.street || (place ? "" : lead.address);
  replace(node, place || street || "–", place && street ? el("div", { class: "sub" }, street) : null);
}

function drawReach(node, lead) {
  const phone = lead.phone ? el("div", {}, el("a", { href: `tel:${lead.phone}` }, lead.phone_national || lead.phone)) : null;
  const site = lead.website ? el("div", { class: "sub" }, webLink(lead.website, hostOf(lead.website))) : null;
  replace(node, phone, site, phone || site ? null : "–");
}

function hostOf(address) {
  try {
    return new URL(address).host.replace(/^www\./, "") || address;
  } catch {
    return address;
  }
}

function drawContacts(pill, best, lead) {
  const contacts = lead.contacts ?? [];
  setText(pill, lead.enrichment_status === "enriched" && contacts.length ? plural(contacts.length, "contact") : words(lead.enrichment_status));
  setAttribute(pill, "data-tone", lead.enrichment_status);
  const email = contacts.filter((contact) => contact.kind === "email").sort((a, b) => b.confidence - a.confidence)[0];
  setText(best, email?.value ?? "");
}

function details(lead) {
  const contacts = lead.contacts ?? [];
  const list = contacts.length ? el("ul", { class: "contacts" }, ...contacts.map(contactItem)) : el("p", { class: "muted" }, noContacts(lead));
  const facts = [lead.address, lead.notes, `found ${fullTime(lead.created_at)}`].filter(Boolean).join(" · ");
  const page = lead.google_maps_url || lead.osm_url;
  const map = page ? webLink(page, "Open map") : null;
  const credit = lead.attribution ? ` · ${lead.attribution}` : null; // which the licence of the data wants
  return [list, el("p", { class: "lead-facts" }, facts, map ? " · " : null, map, credit)];
}

function noContacts(lead) {
  switch (lead.enrichment_status) {
    case "pending":
      return "Nobody has looked for contacts yet. Choose Enrich to start.";
    case "failed":
      return "The search for contacts failed. Choose Enrich to try again.";
    default:
      return "No contacts were found.";
  }
}

function contactItem(contact) {
  const bar = progressBar("Confidence");
  bar.set(contact.confidence, { tone: contact.confidence >= 70 ? "completed" : contact.confidence >= 40 ? "delayed" : "failed" });
  bar.node.setAttribute("role", "meter");
  const person = [contact.name, contact.position].filter(Boolean).join(", ");
  const from = contact.source_url ? webLink(contact.source_url, `via ${contact.provider}`) : `via ${contact.provider}`;
  return el(
    "li",
    { class: "contact", data: { testid: "contact", kind: contact.kind } },
    icon(contact.kind),
    el("div", {}, el("span", { class: "hidden" }, `${contact.kind}: `), contactValue(contact), person ? el("div", { class: "muted" }, person) : null),
    el("div", { class: "muted" }, from, contact.verification ? ` · ${words(contact.verification)}` : null),
    el("span", { class: "pill", data: { tone: contact.role === "personal" ? "active" : "" } }, capital(contact.role ?? "")),
    el("div", { class: "confidence" }, bar.node, `${contact.confidence} %`),
  );
}

function contactValue(contact) {
  if (contact.kind === "email") return el("a", { href: `mailto:${encodeURIComponent(contact.value)}` }, contact.value);
  if (contact.kind === "phone") return el("a", { href: `tel:${encodeURIComponent(contact.value)}` }, contact.value);
  return webLink(contact.value);
}
