// A list on the page whose items are known by a key and change one by one.

import { onFrame } from "./timing.js";

const FRESH_AT_ONCE = 8; // more new rows in one frame than this are not worth an animation each

// KeyedList keeps rows in order and touches only those that changed, once a
// frame. build(item, fresh) makes a row: {nodes: [...], update(item)}; cap bounds
// how many rows stand on the page, the last ones leave first.
export class KeyedList {
  constructor({ body, key, compare, build, cap = 1000, onChange = () => {} }) {
    Object.assign(this, { body, key, compare, build, cap, onChange });
    this.entries = new Map(); // key → {item, row}
    this.order = []; // entries as they stand on the page
    this.pending = new Map(); // key → item, or null to remove
    this.trimmed = false; // rows left because of cap
    this.plan = onFrame(() => this.flush());
  }

  get size() {
    return this.order.length;
  }

  // get is the newest state of an item, on the page already or not.
  get(key) {
    return this.pending.has(key) ? this.pending.get(key) : this.entries.get(key)?.item;
  }

  put(item) {
    this.pending.set(this.key(item), item);
    this.plan();
  }

  remove(key) {
    this.pending.set(key, null);
    this.plan();
  }

  // reset shows exactly these items.
  reset(items) {
    this.pending.clear();
    this.trimmed = false;
    const wanted = new Set(items.map(this.key));
    for (const key of this.entries.keys()) if (!wanted.has(key)) this.pending.set(key, null);
    for (const item of items) this.pending.set(this.key(item), item);
    this.#arrange();
    this.flush(false);
  }

  // append adds a further page of items.
  append(items) {
    for (const item of items) this.pending.set(this.key(item), item);
    this.cap = Math.max(this.cap, this.order.length + items.length + 200);
    this.flush(false);
  }

  flush(live = true) {
    const fresh = live && this.pending.size <= FRESH_AT_ONCE;
    for (const [key, item] of this.pending) {
      const entry = this.entries.get(key);
      if (item === null) this.#drop(key, entry);
      else if (entry) this.#change(entry, item);
      else this.#insert(key, item, fresh);
    }
    this.pending.clear();
    while (this.order.length > this.cap) {
      this.trimmed = true;
      const last = this.order.at(-1);
      this.#drop(this.key(last.item), last);
    }
    this.onChange();
  }

  // #arrange puts rows in order anew, as compare may have come to mean another order.
  #arrange() {
    this.order.sort((a, b) => this.compare(a.item, b.item));
    this.body.append(...this.order.flatMap((entry) => entry.row.nodes));
  }

  #insert(key, item, fresh) {
    const entry = { item, row: this.build(item, fresh) };
    entry.row.update(item);
    this.entries.set(key, entry);
    this.#place(entry);
  }

  #change(entry, item) {
    const moved = this.compare(entry.item, item) !== 0;
    entry.item = item;
    entry.row.update(item);
    if (!moved) return;
    this.order.splice(this.order.indexOf(entry), 1);
    this.#place(entry);
  }

  #place(entry) {
    let at = this.order.findIndex((other) => this.compare(entry.item, other.item) < 0);
    if (at < 0) at = this.order.length;
    const before = this.order[at]?.row.nodes[0] ?? null;
    for (const node of entry.row.nodes) this.body.insertBefore(node, before);
    this.order.splice(at, 0, entry);
  }

  #drop(key, entry) {
    if (!entry) return;
    this.entries.delete(key);
    this.order.splice(this.order.indexOf(entry), 1);
    for (const node of entry.row.nodes) node.remove();
  }
}
