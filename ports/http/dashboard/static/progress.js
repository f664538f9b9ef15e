// A progress bar that screen readers can follow.

import { el, setAttribute } from "./dom.js";

// progressBar makes a bar; its set(percent, {tone, text}) moves it.
export function progressBar(label, testid) {
  const fill = el("div");
  const node = el(
    "div",
    { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, data: testid ? { testid } : {} },
    fill,
  );
  return {
    node,
    set(percent, { tone = "active", text = "" } = {}) {
      const value = Math.max(0, Math.min(100, Math.round(Number(percent) || 0)));
      const width = `${value}%`;
      setAttribute(node, "aria-valuenow", value);
      setAttribute(node, "aria-valuetext", text ? `${width}, ${text}` : width);
      setAttribute(node, "data-tone", tone);
      if (fill.style.width !== width) fill.style.width = width;
    },
  };
}
