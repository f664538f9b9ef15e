// The form that starts a scrape.

import * as api from "./api.js";
import { byId, el } from "./dom.js";
import { notify } from "./notices.js";

const NUMBERS = ["radius", "max_results"];

export function startForm() {
  const form = byId("scrape-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    clearErrors(form);
    button.disabled = true;
    try {
      await api.scrape(request(form));
      notify("Scrape queued.");
    } catch (err) {
      showErrors(form, err);
    } finally {
      button.disabled = false;
    }
  });
}

// request is the body to send: what was left empty is left to the server.
function request(form) {
  const body = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  for (const name of NUMBERS) if (body[name]) body[name] = Number(body[name]);
  for (const name of [...NUMBERS, "business_type"]) if (body[name] === "") delete body[name];
  body.enrich = form.elements.enrich.checked;
  return body;
}

// showErrors puts each message at the field it is about, and the rest above the button.
function showErrors(form, err) {
  const rest = [];
  for (const { location, message } of err.fields ?? []) {
    const input = form.elements[String(location ?? "").replace(/^body\./, "")];
    if (input instanceof HTMLInputElement) markField(input, message);
    else rest.push(location ? `${location}: ${message}` : message);
  }
  const marked = form.querySelector("[aria-invalid]");
  if (!marked && rest.length === 0) rest.push(err.message);
  const general = byId("scrape-error");
  general.textContent = rest.join(" ");
  general.hidden = rest.length === 0;
  marked?.focus();
}

function markField(input, message) {
  const id = `${input.id}-error`;
  const known = document.getElementById(id);
  if (known) {
    known.textContent += `; ${message}`;
    return;
  }
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
  input.after(el("p", { class: "field-error", id, data: { testid: "field-error" } }, message));
}

function clearErrors(form) {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  for (const message of form.querySelectorAll(".field-error")) message.remove();
  byId("scrape-error").hidden = true;
}
