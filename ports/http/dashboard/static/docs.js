// The API's documentation, drawn from /openapi.json.

import { byId, el, replace } from "./dom.js";
import { bodyOf, exampleOf, schemaView, typeName } from "./docs_schema.js";
import { tryIt } from "./docs_try.js";

const VERBS = ["get", "post", "put", "patch", "delete"];

start();

async function start() {
  try {
    const answer = await fetch("/openapi.json", { headers: { Accept: "application/json" } });
    if (answer.status === 401) throw new Error("This server wants a token: sign in on the dashboard, then come back.");
    if (!answer.ok) throw new Error(`The API description could not be read: the server answered ${answer.status}.`);
    draw(await answer.json());
  } catch (err) {
    byId("docs-state").textContent = err.message;
  }
}

function draw(spec) {
  const groups = byTag(spec);
  replace(byId("toc"), ...[...groups].flatMap(([tag, routes]) => [el("h3", {}, tag), ...routes.map(tocLink)]));
  replace(
    byId("routes"),
    el("div", { class: "intro" }, el("h1", {}, `${spec.info?.title ?? "API"} ${spec.info?.version ?? ""}`), el("p", {}, spec.info?.description ?? "Every route of the service, with what it takes and what it answers.")),
    ...[...groups].map(([tag, routes]) => el("section", { class: "group" }, el("h2", {}, tag), ...routes.map((route) => routeView(spec, route)))),
  );
  openLinked();
  window.addEventListener("hashchange", openLinked);
}

// byTag groups the routes by their first tag, in the document's own order.
function byTag(spec) {
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths ?? {})) {
    for (const verb of VERBS.filter((name) => item[name])) {
      const operation = item[verb];
      const tag = operation.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      groups.get(tag).push({ path, verb, operation, parameters, anchor: operation.operationId ?? `${verb}${path.replace(/\W+/g, "-")}` });
    }
  }
  return groups;
}

function verbLabel(verb) {
  return el("span", { class: "verb", data: { verb } }, verb.toUpperCase());
}

function tocLink({ path, verb, anchor }) {
  return el("a", { href: `#${anchor}` }, verbLabel(verb), el("span", {}, path));
}

function openLinked() {
  const route = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(route instanceof HTMLDetailsElement)) return;
  route.open = true;
  route.scrollIntoView();
}

// routeView draws a route's details when it is first opened: a page of dozens
// of nested schemas would otherwise be built for nothing.
function routeView(spec, route) {
  const body = el("div", { class: "route-body" });
  const node = el(
    "details",
    { class: "route", id: route.anchor, data: { testid: "route" } },
    el("summary", {}, verbLabel(route.verb), el("code", {}, route.path), el("span", {}, route.operation.summary ?? "")),
    body,
  );
  node.addEventListener("toggle", () => {
    if (node.open && !body.hasChildNodes()) replace(body, ...routeBody(spec, route));
  });
  return node;
}

function routeBody(spec, route) {
  const { operation, parameters } = route;
  return [
    operation.description && operation.description !== operation.summary ? el("p", {}, operation.description) : null,
    parameters.length ? section("Parameters", parameterList(spec, parameters)) : null,
    operation.requestBody ? section("Body", ...content(spec, operation.requestBody, true)) : null,
    section("Answers", el("div", { class: "answers" }, ...Object.entries(operation.responses ?? {}).map(([status, answer]) => answerView(spec, status, answer)))),
    route.verb === "get" ? tryIt(spec, route) : null,
  ];
}

function section(title, ...children) {
  return el("section", {}, el("h3", {}, title), ...children);
}

function parameterList(spec, parameters) {
  const item = (parameter) =>
    el(
      "li",
      {},
      el("code", {}, parameter.name),
      el("span", { class: "type" }, `${parameter.in}, ${typeName(spec, parameter.schema)}`),
      parameter.required ? el("span", { class: "must" }, "required") : null,
      parameter.description ? el("p", {}, parameter.description) : null,
    );
  return el("ul", { class: "schema" }, ...parameters.map(item));
}

function answerView(spec, status, answer) {
  const problem = !/^[123]/.test(status);
  const parts = content(spec, answer, false);
  const title = [el("span", { class: problem ? "status problem" : "status" }, status), " ", answer.description ?? ""];
  if (!parts.length) return el("p", { class: "answer" }, ...title);
  return el("details", { class: "answer", open: !problem }, el("summary", {}, ...title), el("div", { class: "answer-body" }, ...parts));
}

function content(spec, owner, isRequest) {
  const { schema, example } = bodyOf(owner);
  if (!schema) return [];
  const sample = example ?? exampleOf(spec, schema);
  return [schemaView(spec, schema, isRequest), sample === undefined ? null : el("pre", { class: "data", tabindex: 0, "aria-label": "Example" }, JSON.stringify(sample, null, 2))].filter(Boolean);
}
