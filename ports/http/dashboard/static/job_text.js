// What a job is called and what is to be said about it.

import { capital, duration, plural, resultLine } from "./format.js";

const names = new Map(); // business id → name, for titles of enrichment jobs
const NAMES_KEPT = 5000;

// rememberName lets jobs be titled by the business they are about.
export function rememberName(business) {
  names.delete(business.id);
  names.set(business.id, business.name);
  if (names.size > NAMES_KEPT) names.delete(names.keys().next().value);
}

export function jobTitle(job) {
  const data = job.data ?? {};
  if (job.queue === "scraping") return `${capital(data.business_type || "businesses")} near ${data.location ?? "?"}`;
  if (data.business_id) return `Contacts of ${names.get(data.business_id) ?? `business ${data.business_id}`}`;
  return job.name;
}

// jobNote is the one line that says most about how a job stands.
export function jobNote(job) {
  switch (job.status) {
    case "completed":
      return resultLine(job) || job.progressMessage || "Done";
    case "failed":
      return job.failedReason || "Failed";
    case "delayed":
      return job.failedReason ? `Will try again: ${job.failedReason}` : job.progressMessage || "Waits for its time";
    default:
      return job.progressMessage || "";
  }
}

export function attempts(job) {
  return job.attemptsMade > 1 || job.status === "failed" ? `attempt ${job.attemptsMade} of ${job.maxAttempts}` : "";
}

export const canRetry = (job) => job.status === "failed" || job.status === "cancelled";
export const canCancel = (job) => ["waiting", "delayed", "active"].includes(job.status);
export const took = (job) => duration(job.durationMs);

// merged is the newer state of a job; events may leave out what is large.
export function merged(old, next) {
  if (!old) return next;
  return { ...next, data: next.data ?? old.data, result: next.result ?? (next.status === "completed" ? old.result : undefined) };
}

// advanced is a job with a progress event applied.
export function advanced(job, event) {
  return { ...job, progress: event.progress ?? job.progress, progressMessage: event.message ?? job.progressMessage };
}

export function finishedNotice(type, event) {
  if (type === "scraping:complete") return `Scrape finished: ${resultLine({ queue: "scraping", result: event }) || "done"}.`;
  if (type === "scraping:failed" && event.willRetry === false) return `Scrape failed: ${event.error}`;
  return "";
}

export const retriedNotice = (n) => (n ? `${plural(n, "job")} will run again.` : "No failed jobs to retry.");
