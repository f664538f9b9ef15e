// Short messages at the edge of the page, read out by screen readers.

import { byId, el } from "./dom.js";

const SHOWN_FOR = 6000; // ms
const AT_ONCE = 4;

export function notify(text, bad = false) {
  const place = byId("notices");
  const node = el("p", { class: bad ? "notice bad" : "notice" }, text);
  place.append(node);
  while (place.children.length > AT_ONCE) place.firstElementChild.remove();
  setTimeout(() => node.remove(), SHOWN_FOR);
}

// attempt runs what a button asks for: the button rests meanwhile, and a
// failure becomes a notice. It answers null after a failure.
export async function attempt(button, run) {
  button.disabled = true;
  try {
    return await run();
  } catch (err) {
    notify([err.message, ...(err.fields ?? []).map(({ message }) => message)].join(": "), true);
    return null;
  } finally {
    button.disabled = false;
  }
}
