// "Try it" for routes that only read.

import { el, replace } from "./dom.js";
import { resolve } from "./docs_schema.js";

const SHOWN = 20000; // characters of an answer

export function tryIt(spec, { path, parameters, anchor }) {
  const asked = parameters.filter((parameter) => parameter.in === "path" || parameter.in === "query");
  const output = el("div", { "aria-live": "polite" });
  const form = el(
    "form",
    { class: "try", data: { testid: "try" } },
    asked.length ? el("div", { class: "try-fields" }, ...asked.map((parameter) => field(spec, parameter, anchor))) : null,
    el("button", { type: "submit" }, "Try it"),
    output,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await send(address(path, asked, new FormData(form)), output);
  });
  return form;
}

function field(spec, parameter, anchor) {
  const id = `try-${anchor}-${parameter.name}`;
  const choices = resolve(spec, parameter.schema).enum;
  const props = { id, name: parameter.name, required: parameter.required, autocomplete: "off" };
  const input = choices
    ? el("select", props, el("option", { value: "" }, "–"), ...choices.map((value) => el("option", { value }, String(value))))
    : el("input", props);
  return el("div", { class: "field" }, el("label", { for: id }, parameter.name), input);
}

function address(path, parameters, values) {
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: place } of parameters) {
    const value = String(values.get(name) ?? "");
    if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) query.set(name, value);
  }
  return query.size ? `${target}?${query}` : target;
}

async function send(target, output) {
  const began = performance.now();
  try {
    const answer = await fetch(target, { headers: { Accept: "application/json" } });
    const text = await answer.text();
    const line = `GET ${target} answered ${answer.status} in ${Math.round(performance.now() - began)} ms`;
    replace(output, el("p", { class: "muted" }, line), el("pre", { class: "data", tabindex: 0, "aria-label": "Answer" }, pretty(text)));
  } catch {
    replace(output, el("p", { class: "form-error" }, "The server cannot be reached."));
  }
}

function pretty(text) {
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // not JSON: shown as it is
  }
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}\n… ${shown.length - SHOWN} more characters` : shown;
}
