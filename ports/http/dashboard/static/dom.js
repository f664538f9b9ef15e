// Building and patching elements. Text always goes in as text, never as markup.

const ICONS = "/assets/icons.svg";
const SVG = "http://www.w3.org/2000/svg";

// el makes an element. Of its props, `on` holds listeners and `data` the
// data-* attributes; null and false leave an attribute out.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter(isPresent));
  return node;
}

// icon draws one of the symbols of icons.svg; it is decoration to a screen reader.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

// setText and setAttribute touch the document only where something changed:
// a list under hundreds of events a second is mostly unchanged cells.
export function setText(node, text) {
  const next = String(text ?? "");
  if (node.textContent !== next) node.textContent = next;
}

export function setAttribute(node, name, value) {
  const next = String(value);
  if (node.getAttribute(name) !== next) node.setAttribute(name, next);
}

// replace swaps a node's children.
export function replace(node, ...children) {
  node.replaceChildren(...children.filter(isPresent));
}

// byId finds an element that the page is known to have.
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no element #${id}`);
  return node;
}

function isPresent(child) {
  return child !== null && child !== undefined && child !== false;
}
