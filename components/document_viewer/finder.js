// @ts-check
/** The search: a field, how many places were found, and the way from one to the next. */

import { h, said } from "../_shared/dom.js";
import { icon } from "./icons.js";

const TYPING_MS = 300;
const SHORTEST = 2; // letters
const MOST_PLACES = 500; // as the server answers

export class Finder {
  /**
   * @param {any} labels
   * @param {{source: () => import("./sources.js").Source | undefined, sheets: () => import("./sheets.js").Sheets | undefined}} told
   */
  constructor(labels, told) {
    this.labels = labels;
    this.told = told;
    this.searched = "";
    this.searching = false; // the places in view are still those of what was searched before
    this.typing = 0;
    this.stop = new AbortController();
    this.field = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: labels.find_hint, autocomplete: "off", spellcheck: "false", enterkeyhint: "search" }));
    this.count = h("span", { class: "count", role: "status" });
    const step = (/** @type {string} */ name, /** @type {number} */ by) =>
      /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "tool", "aria-label": labels[name], title: labels[name], hidden: true, onclick: () => this.next(by) }, icon(name)));
    this.steps = [step("find_previous", -1), step("find_next", 1)];
    const label = h("label", { class: "field field--ic find" }, h("span", { class: "vh" }, labels.find), icon("find"), this.field);
    this.node = h("div", { class: "group finder", role: "search" }, label, this.count, ...this.steps);
    this.field.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = window.setTimeout(() => this.search(), TYPING_MS);
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const text = this.field.value.trim();
    if (event.key === "Enter" && text === this.searched) this.next(event.shiftKey ? -1 : 1);
    else if (event.key === "Enter") {
      clearTimeout(this.typing);
      this.search();
    } else if (event.key === "Escape" && this.field.value) {
      this.field.value = "";
      this.search();
      event.stopPropagation();
    }
  }

  async search() {
    const text = this.field.value.trim();
    const source = this.told.source();
    const shown = this.told.sheets();
    if (text === this.searched || !source || !shown) return;
    this.searched = text;
    this.searching = true;
    this.stop.abort(); // nobody waits for what was typed before
    const { signal } = (this.stop = new AbortController());
    /** @type {import("./sources.js").Place[] | null} */
    const places = text.length < SHORTEST ? [] : await source.search(text, signal).catch(() => null);
    if (signal.aborted || shown !== this.told.sheets()) return; // something else was typed meanwhile
    this.searching = false;
    const from = (places ?? []).findIndex((place) => place.page >= shown.page);
    shown.found(places ?? [], from < 0 ? 0 : from);
    this.tell(places === null);
    if (places === null) this.searched = ""; // Enter tries again
  }

  /** @param {boolean} [failed] */
  tell(failed = false) {
    const { places, place } = /** @type {import("./sheets.js").Sheets} */ (this.told.sheets());
    const { labels } = this;
    const nothing = failed ? labels.find_failed : this.searched.length < SHORTEST ? "" : labels.not_found;
    const found = places.length < MOST_PLACES ? labels.found : labels.found_most;
    this.count.textContent = places.length ? said(found, { place: place + 1, places: places.length }) : nothing;
    for (const step of this.steps) step.hidden = places.length < 2;
  }

  /** @param {number} by */
  next(by) {
    const sheets = this.told.sheets();
    if (this.searching || !sheets?.places.length) return;
    sheets.found(sheets.places, (sheets.place + by + sheets.places.length) % sheets.places.length);
    this.tell();
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  /** Another document. */
  reset() {
    this.stop.abort();
    this.searching = false;
    this.searched = this.field.value = this.count.textContent = "";
    for (const step of this.steps) step.hidden = true;
  }
}
