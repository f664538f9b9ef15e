// Turning values into what people read.

import { el } from "./dom.js";

const numbers = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const full = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium", hour12: false });

export const count = (n) => (Number.isFinite(n) ? numbers.format(n) : "–");
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const clockTime = (iso) => (iso ? clock.format(new Date(iso)) : "");
export const fullTime = (iso) => (iso ? full.format(new Date(iso)) : "");
export const words = (name) => String(name ?? "").replaceAll("_", " ");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// ago tells how far a moment is from now, in the largest fitting unit.
export function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return Math.abs(seconds) < 5 ? "just now" : relative.format(Math.round(seconds), "second");
}

// timeOf is a <time> that tickTimes keeps current.
export function timeOf(iso) {
  return iso ? el("time", { datetime: iso, title: fullTime(iso), data: { relative: "" } }, ago(iso)) : null;
}

export function tickTimes() {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = ago(node.dateTime);
    if (node.textContent !== text) node.textContent = text;
  }
}

export function duration(ms) {
  if (!Number.isFinite(ms)) return "";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

// webLink links to scraped addresses only where they are http or https;
// anything else, such as javascript:, is shown as text.
export function webLink(address, text) {
  let url = null;
  try {
    url = new URL(address);
  } catch {
    return el("span", {}, text ?? address);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return el("span", {}, text ?? address);
  const shown = text ?? url.host.replace(/^www\./, "") + (url.pathname === "/" ? "" : url.pathname);
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, shown);
}

// resultLine sums up what a finished job achieved.
export function resultLine(job) {
  const r = job.result;
  if (!r || typeof r !== "object") return "";
  if (job.queue === "scraping" && Number.isFinite(r.found)) {
    const parts = [`${count(r.found)} found`, `${count(r.saved ?? 0)} saved`];
    if (r.skipped) parts.push(`${count(r.skipped)} known already`);
    if (r.partial) parts.push("incomplete");
    return parts.join(", ");
  }
  return Number.isFinite(r.contacts) ? plural(r.contacts, "contact") : "";
}
