// @ts-check
/** A document to be read: the bar, the keys, the search. No words of its own: they come in `labels`. */

import { h, icon, said } from "./dom.js";
import { channel, Refusal, routes } from "./sources.js";
import { Sheets } from "./sheets.js";

const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const TYPING_MS = 300;

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  /** @type {import("./sources.js").Source | undefined} */
  let source;
  /** @type {Sheets | undefined} */
  let sheets;
  let opening = 0;

  const title = h("h2", { class: "title" });
  const number = h("b");
  const total = h("span");
  const step = (/** @type {string} */ name, /** @type {() => void} */ act) => h("button", { type: "button", class: "tool", "aria-label": labels[name], title: labels[name], onclick: act }, icon(name));
  const previous = step("previous", () => turn(-1));
  const next = step("next", () => turn(1));
  const pager = h("div", { class: "group pager" }, previous, h("span", { class: "figures" }, number, " / ", total), next);
  const percent = h("span", { class: "figures" });
  const smaller = step("zoom_out", () => zoomBy(-1));
  const larger = step("zoom_in", () => zoomBy(1));
  const field = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: labels.find_hint, autocomplete: "off", spellcheck: "false" }));
  const count = h("span", { class: "count", role: "status" });
  const find = h("div", { class: "group finder" }, h("label", { class: "field field--ic find" }, h("span", { class: "vh" }, labels.find), icon("find"), field), count);
  const save = /** @type {HTMLAnchorElement} */ (h("a", { class: "btn btn--line", role: "button", tabindex: 0, download: "" }, icon("download"), h("span", {}, labels.download)));
  const more = h("div", { class: "group more" });
  const bar = h("div", { class: "bar", role: "toolbar", "aria-label": labels.tools }, title, pager, h("i", { class: "sep" }), h("div", { class: "group zoomer" }, smaller, percent, larger), h("i", { class: "sep finding" }), find, h("i", { class: "sep" }), save, more);
  const note = h("p", { class: "note", hidden: true }, labels.scanned);
  const paper = h("div", { class: "paper" });
  const viewer = h("div", { class: "viewer", onkeydown: keys }, bar, note, paper);
  el.replaceChildren(viewer);
  // Without a height of its own it takes what the window leaves: pages scroll inside, never the whole document.
  viewer.classList.toggle("viewer--free", !model.height && !["stretch_both", "stretch_height"].includes(model.sizing_mode));

  /** @param {boolean} [again] */
  async function open(again = false) {
    const mine = (opening += 1);
    source?.close();
    sheets?.close();
    const from = (source = model.source ? routes(model.source, model.kind) : channel(model));
    const shown = (sheets = new Sheets(from, labels, { onPage: (page) => { number.textContent = String(page); steps(); if (model.page !== page) model.page = page; } }));
    const isPdf = model.kind === "pdf";
    shown.fits = !isPdf;
    shown.zoom = model.zoom;
    const start = again ? model.page : Math.max(1, model.page);
    for (const node of [pager, find, ...bar.querySelectorAll(".sep")]) /** @type {HTMLElement} */ (node).hidden = !isPdf;
    field.value = count.textContent = "";
    note.hidden = true;
    number.textContent = String(start);
    total.textContent = "…";
    names();
    paper.replaceChildren(shown.pane, state(h("p", { role: "status", class: "waiting" }, labels.loading)));
    save.removeAttribute("href");
    try {
      shown.expect();
      const [info, content] = await Promise.all([from.info(), model.source ? from.content() : null]);
      if (mine !== opening) return;
      if (content) save.href = content.href;
      paper.replaceChildren(...(info.pages.length > 1 ? [shown.thumbs] : []), shown.pane);
      viewer.classList.toggle("viewer--pages", info.pages.length > 1);
      total.textContent = String(info.pages.length);
      shown.show(info);
      note.hidden = !isPdf || info.text;
      field.disabled = !info.text;
      shown.turned(Math.min(start, info.pages.length));
      if (start > 1) shown.go(start);
    } catch (error) {
      if (mine !== opening || /** @type {any} */ (error).name === "AbortError") return;
      const why = error instanceof Refusal ? error.message : labels.failed;
      paper.replaceChildren(state(h("p", { role: "alert" }, why), h("button", { type: "button", class: "btn btn--line", onclick: () => open(true) }, labels.retry)));
    }
  }

  /** @param {...HTMLElement} children */
  function state(...children) {
    return h("div", { class: "state" }, ...children);
  }

  function names() {
    title.textContent = title.title = model.title;
    viewer.setAttribute("aria-label", model.title);
    sheets?.pane.setAttribute("aria-label", model.title);
    percent.textContent = said(labels.percent, { percent: Math.round(100 * model.zoom) });
    more.replaceChildren(...model.actions.map((/** @type {any} */ action) => h("button", { type: "button", class: `btn ${action.primary ? "btn--primary" : "btn--line"}`, onclick: () => model.send_msg({ t: "action", name: action.name }) }, action.label)));
    more.hidden = !model.actions.length;
    steps();
  }

  function steps() {
    const page = Number(number.textContent);
    /** @type {HTMLButtonElement} */ (previous).disabled = page <= 1;
    /** @type {HTMLButtonElement} */ (next).disabled = !(page < Number(total.textContent));
    /** @type {HTMLButtonElement} */ (smaller).disabled = model.zoom <= ZOOMS[0];
    /** @type {HTMLButtonElement} */ (larger).disabled = model.zoom >= ZOOMS[ZOOMS.length - 1];
  }

  /** @param {number} by */
  function turn(by) {
    if (sheets) sheets.go(sheets.page + by);
  }

  /** @param {number} by */
  function zoomBy(by) {
    const steps = by > 0 ? ZOOMS.filter((each) => each > model.zoom + 0.01) : ZOOMS.filter((each) => each < model.zoom - 0.01).reverse();
    if (steps.length) model.zoom = steps[0];
  }

  let searched = "";
  let typing = 0;
  async function search() {
    const text = field.value.trim();
    if (text === searched || !source || !sheets) return;
    searched = text;
    const shown = sheets;
    /** @type {import("./sources.js").Place[]} */
    const places = text.length < 2 ? [] : await source.search(text).catch(() => []);
    if (text !== searched || shown !== sheets) return; // something else was typed meanwhile
    const from = places.findIndex((place) => place.page >= shown.page);
    shown.found(places, from < 0 ? 0 : from);
    tell();
  }

  function tell() {
    const { places, place } = /** @type {Sheets} */ (sheets);
    const nothing = searched.length < 2 ? "" : labels.not_found;
    count.textContent = places.length ? said(labels.found, { place: place + 1, places: places.length }) : nothing;
  }

  /** @param {number} by */
  function nextPlace(by) {
    if (!sheets?.places.length) return;
    sheets.found(sheets.places, (sheets.place + by + sheets.places.length) % sheets.places.length);
    tell();
  }

  field.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, TYPING_MS); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && field.value.trim() === searched) nextPlace(event.shiftKey ? -1 : 1);
    else if (event.key === "Enter") { clearTimeout(typing); search(); }
    else if (event.key === "Escape" && field.value) { field.value = ""; search(); event.stopPropagation(); }
  });
  save.addEventListener("keydown", (event) => {
    if (event.key !== " " && (event.key !== "Enter" || save.href)) return; // a link opens by Enter alone
    event.preventDefault();
    save.click();
  });
  save.addEventListener("click", async (event) => {
    if (save.href || !source) return;
    event.preventDefault(); // a notebook: the file comes through the channel, once it is asked for
    const { href, name } = await source.content();
    h("a", { href, download: name }).click();
  });

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const inField = event.composedPath()[0] === field;
    const acts = /** @type {Record<string, () => void>} */ ({ PageUp: () => turn(-1), PageDown: () => turn(1) });
    if (!inField && !event.ctrlKey && !event.metaKey) Object.assign(acts, { "+": () => zoomBy(1), "=": () => zoomBy(1), "-": () => zoomBy(-1), 0: () => { model.zoom = 1; } });
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f" && !field.disabled && model.kind === "pdf") acts[event.key] = () => { field.focus(); field.select(); };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  model.on("zoom", () => { names(); sheets?.setZoom(model.zoom); });
  model.on("page", () => { if (sheets && sheets.page !== model.page) sheets.go(model.page); });
  model.on("title", names);
  model.on("actions", names);
  model.on("source", () => { searched = ""; open(); });
  model.on("kind", () => { searched = ""; open(); });
  model.on("remove", () => { opening += 1; source?.close(); sheets?.close(); });
  open();
}
