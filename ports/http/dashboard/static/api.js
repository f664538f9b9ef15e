// The REST API. Every failure is an ApiError, whatever went wrong.

// ApiError carries a problem+json answer; status 0 means there was no answer.
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}`);
    this.status = status;
    this.fields = Array.isArray(problem.errors) ? problem.errors : [];
  }
}

// onUnauthorized is told when the server wants a token.
let unauthorized = () => {};
export function onUnauthorized(listener) {
  unauthorized = listener;
}

export async function call(method, path, { query, body } = {}) {
  const answer = await send(method, withQuery(path, query), body);
  const data = await answer.json().catch(() => null);
  if (answer.status === 401) unauthorized();
  if (!answer.ok) throw new ApiError(answer.status, data ?? {});
  return data;
}

async function send(method, path, body) {
  const init = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError(0, { detail: "The server cannot be reached." });
  }
}

function withQuery(path, query = {}) {
  const set = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return set.length ? `${path}?${new URLSearchParams(set)}` : path;
}

const id = encodeURIComponent;

export const scrape = (body) => call("POST", "/api/scraper/scrape", { body });
export const enrich = (businessId) => call("POST", `/api/enrichment/${id(businessId)}`);
export const enrichBatch = (size) => call("POST", "/api/enrichment/batch", { body: { count: size } });
export const batch = (batchId) => call("GET", `/api/enrichment/batch/${id(batchId)}/status`);
export const jobs = (query) => call("GET", "/api/jobs", { query });
export const job = (jobId) => call("GET", `/api/jobs/${id(jobId)}`);
export const jobLogs = (jobId, query) => call("GET", `/api/jobs/${id(jobId)}/logs`, { query });
export const retryJob = (jobId) => call("POST", `/api/jobs/${id(jobId)}/retry`);
export const retryFailed = (queue) => call("POST", "/api/jobs/failed/retry", { query: { queue } });
export const cancelJob = (jobId) => call("DELETE", `/api/jobs/${id(jobId)}`);
export const stats = () => call("GET", "/api/stats");
export const queues = () => call("GET", "/api/queues");
export const pauseQueue = (name) => call("POST", `/api/queues/${id(name)}/pause`);
export const resumeQueue = (name) => call("POST", `/api/queues/${id(name)}/resume`);
export const businesses = (query) => call("GET", "/api/businesses", { query });
export const business = (businessId) => call("GET", `/api/businesses/${id(businessId)}`);
export const poison = (query) => call("GET", "/api/poison", { query });
export const requeuePoison = (entryId) => call("POST", `/api/poison/${id(entryId)}/requeue`);
export const requeueAllPoison = () => call("POST", "/api/poison/requeue");
export const discardPoison = (entryId) => call("DELETE", `/api/poison/${id(entryId)}`);
export const login = (token) => call("POST", "/login", { body: { token } });
