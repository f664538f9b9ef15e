// A list that is read page by page and kept current by events.

import { count } from "./format.js";
import { attempt } from "./notices.js";
import { atMostEvery } from "./timing.js";

const RECOUNT_EVERY = 2000; // ms

// PagedList ties a KeyedList to the API.
//   fetchPage({cursor, limit})  answers {items, total, nextCursor}
//   matches(item)               whether the filters let an item in
//   onShown(total, size)        after every change
export class PagedList {
  constructor({ list, more, pageSize, fetchPage, matches, onShown }) {
    Object.assign(this, { list, more, pageSize, fetchPage, matches, onShown });
    this.total = 0;
    this.cursor = "";
    this.reads = 0; // numbers the loads, so that an overtaken answer is dropped
    this.missed = null; // what events brought while a load was under way
    list.onChange = () => this.#shown();
    more.addEventListener("click", () => attempt(more, () => this.#loadMore()));
    this.recount = atMostEvery(RECOUNT_EVERY, () => this.#recount());
  }

  // load reads the first page anew.
  async load() {
    const read = ++this.reads;
    const missed = (this.missed = []);
    let page = null;
    try {
      page = await this.fetchPage({ cursor: "", limit: this.pageSize });
    } finally {
      if (read === this.reads) this.missed = null;
    }
    if (read !== this.reads) return;
    this.total = page.total;
    this.cursor = page.nextCursor ?? "";
    this.list.reset(page.items);
    for (const item of missed) this.change(item);
  }

  // change takes in an item's newer state.
  change(item) {
    this.missed?.push(item);
    const key = this.list.key(item);
    const known = this.list.get(key);
    if (!this.matches(item)) {
      if (known) this.#leave(key);
      return;
    }
    if (known || this.#inRange(item)) this.list.put(item);
    if (!known) this.#count(1);
  }

  #leave(key) {
    this.list.remove(key);
    this.#count(-1);
  }

  // #count is a guess, as the item may have been counted on a page not shown;
  // the recount puts it right.
  #count(change) {
    this.total = Math.max(0, this.total + change);
    this.recount();
  }

  // #inRange keeps items of pages not yet shown from landing after a gap.
  #inRange(item) {
    const last = this.list.order.at(-1);
    return !this.cursor || !last || this.list.compare(item, last.item) < 0;
  }

  async #loadMore() {
    if (this.list.trimmed) return this.load();
    const read = this.reads;
    const page = await this.fetchPage({ cursor: this.cursor, limit: this.pageSize });
    if (read !== this.reads) return;
    this.cursor = page.nextCursor ?? "";
    this.list.append(page.items);
  }

  async #recount() {
    const read = this.reads;
    const page = await this.fetchPage({ cursor: "", limit: 1 });
    if (read !== this.reads) return;
    this.total = page.total;
    this.#shown();
  }

  #shown() {
    this.more.hidden = !this.cursor && !this.list.trimmed;
    this.onShown(Math.max(this.total, this.list.size), this.list.size);
  }
}

// showCount writes a total where people and programs can read it.
export function showCount(node, total) {
  const text = count(total);
  if (node.textContent !== text) node.textContent = text;
  node.dataset.count = total;
}
