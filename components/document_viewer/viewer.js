// @ts-check
/** A document to be read: the bar, the keys, what is remembered. No words of its own: they come in `labels`. */

import { Refusal } from "../_shared/asking.js";
import { h, remembered, said } from "../_shared/dom.js";
import { Finder } from "./finder.js";
import { icon } from "./icons.js";
import { Printing } from "./printing.js";
import { channel, routes } from "./sources.js";
import { Sheets } from "./sheets.js";
import { Thumbs } from "./thumbs.js";
import { selectedText } from "./words.js";
import { zoomByHand } from "./zooming.js";

const ZOOMS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const FITS = ["width", "page"];
const WIDE = 640; // px: from here up thumbnails stand beside the pages by themselves

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  /** @type {import("./sources.js").Source | undefined} */
  let source;
  /** @type {Sheets | undefined} */
  let sheets;
  /** @type {Thumbs | undefined} */
  let thumbs;
  /** @type {import("./sources.js").Info} */
  let info = { pages: [], text: false };
  let opening = 0;
  let fit = "";
  let wide = true; // the thumbnails have a place of their own
  const likes = remembered("reading", "*"); // of this person, whatever the document

  // ---- the bar
  const tool = (/** @type {string} */ name, /** @type {() => void} */ act) =>
    /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "tool", "aria-label": labels[name], title: labels[name], onclick: act }, icon(name)));
  const title = h("h2", { class: "title" });
  const beside = tool("thumbnails", () => fold(viewer.classList.contains("viewer--pages")));
  const number = h("b", { class: "vh", "aria-hidden": "true" });
  const goto = /** @type {HTMLInputElement} */ (h("input", { class: "goto", inputmode: "numeric", autocomplete: "off", "aria-label": labels.go_to, onchange: () => goTo(goto.value), onfocus: () => goto.select() }));
  const total = h("span");
  const previous = tool("previous", () => step(-1));
  const next = tool("next", () => step(1));
  const pager = h("div", { class: "group pager" }, previous, h("span", { class: "figures" }, number, goto, " / ", total), next);
  const percent = h("span", { class: "figures percent" });
  const smaller = tool("zoom_out", () => zoomBy(-1));
  const larger = tool("zoom_in", () => zoomBy(1));
  const fits = FITS.map((name) => tool(`fit_${name}`, () => setFit(fit === name ? "" : name)));
  const zoomer = h("div", { class: "group zoomer" }, smaller, percent, larger, ...fits);
  const hand = h("div", { class: "hand", role: "toolbar", "aria-label": labels.tools }, beside, pager, h("i", { class: "sep" }), zoomer);
  const finder = new Finder(labels, { source: () => source, sheets: () => sheets });
  const printing = new Printing(labels);
  const printer = tool("print", () => info.pages.length && printing.open({ pages: info.pages, page: () => sheets?.page ?? 1, source: () => /** @type {any} */ (source) }));
  const save = /** @type {HTMLAnchorElement} */ (h("a", { class: "btn btn--line save", role: "button", tabindex: 0, download: "", "aria-label": labels.download }, icon("download"), h("span", {}, labels.download)));
  const keymap = /** @type {HTMLDialogElement} */ (h("dialog", { class: "asks", "aria-label": labels.help }, ...keyMap()));
  const more = h("div", { class: "group more" });
  const acts = h("div", { class: "group acts" }, tool("turn", () => turnBy(1)), printer, tool("help", () => keymap.showModal()), save);
  const bar = h("div", { class: "bar" }, h("div", { class: "top" }, title, acts, more), hand, finder.node);
  const note = h("p", { class: "note", hidden: true }, labels.scanned);
  const paper = h("div", { class: "paper" });
  const viewer = h("div", { class: "viewer", onkeydown: keys }, bar, note, paper, printing.dialog, keymap);
  el.replaceChildren(viewer);
  // Without a height of its own it takes what the window leaves: pages scroll inside, never the whole document.
  viewer.classList.toggle("viewer--free", !model.height && !["stretch_both", "stretch_height"].includes(model.sizing_mode));

  function keyMap() {
    const row = (/** @type {[string, string]} */ [key, what]) => h("div", {}, h("dt", {}, ...key.split(" ").map((each) => h("kbd", {}, each))), h("dd", {}, what));
    const close = h("button", { type: "button", class: "btn btn--primary", onclick: () => keymap.close() }, labels.close);
    return [h("h3", {}, labels.help), h("dl", {}, ...labels.keys.map(row)), h("div", { class: "row" }, close)];
  }

  // ---- a document

  /** @param {boolean} [again] */
  async function open(again = false) {
    const mine = (opening += 1);
    shut();
    const kept = remembered("reading", model.source);
    if (!again && kept.page && model.page === 1) Object.assign(model, { page: kept.page, zoom: kept.zoom, turn: kept.turn });
    if (!again) fit = kept.fit ?? "";
    const from = (source = model.source ? routes(model.source) : channel(model));
    const shown = (sheets = new Sheets(from, labels, { onPage: turned, onRoom: roomChanged }));
    Object.assign(shown, { zoom: model.zoom, turn: model.turn });
    thumbs = new Thumbs(labels, { go: (page) => shown.go(page), image: (...asked) => shown.fetch(...asked) });
    zoomByHand(shown.pane, { zoom: () => shown.zoom, to: (zoom, at) => { free(); shown.setZoom(zoom, at, true); tellZoom(zoom); }, done: () => { model.zoom = shown.zoom; } });
    shown.pane.addEventListener("copy", copied);
    finder.reset();
    info = { pages: [], text: false };
    note.hidden = true;
    number.textContent = goto.value = String(model.page);
    total.textContent = "…";
    names();
    paper.replaceChildren(shown.pane, state(h("p", { role: "status", class: "waiting" }, labels.loading)));
    save.removeAttribute("href");
    try {
      shown.expect(model.page);
      const [told, content] = await Promise.all([from.info(), model.source ? from.content() : null]);
      if (mine !== opening) return;
      if (content) save.href = content.href;
      begin(shown, told);
    } catch (error) {
      if (mine !== opening || /** @type {any} */ (error).name === "AbortError") return;
      const why = error instanceof Refusal ? error.message : labels.failed;
      paper.replaceChildren(state(h("p", { role: "alert" }, why), h("button", { type: "button", class: "btn btn--line", onclick: () => open(true) }, labels.retry)));
    }
  }

  /** @param {Sheets} shown @param {import("./sources.js").Info} told */
  function begin(shown, told) {
    info = told;
    const start = Math.min(model.page, told.pages.length);
    const first = shown.ahead.get(start)?.image ?? Promise.resolve();
    paper.replaceChildren(/** @type {Thumbs} */ (thumbs).node, shown.pane);
    total.textContent = goto.max = String(told.pages.length);
    goto.style.setProperty("--digits", String(String(told.pages.length).length));
    shown.show(told);
    thumbs?.show(told, model.turn);
    foldAsFits();
    first.catch(() => {}).then(() => thumbs?.begin());
    note.hidden = told.text;
    finder.field.disabled = !told.text;
    refit();
    if (start > 1) shown.go(start);
    else shown.turned(start);
  }

  function shut() {
    source?.close();
    sheets?.close();
    thumbs?.close();
    sheets = thumbs = undefined;
  }

  /** @param {...HTMLElement} children */
  function state(...children) {
    return h("div", { class: "state" }, ...children);
  }

  /** @param {number} page */
  function turned(page) {
    number.textContent = String(page);
    if (!isIn(goto)) goto.value = String(page);
    thumbs?.mark(page);
    if (model.page !== page) model.page = page;
    steps();
    keep();
  }

  function keep() {
    Object.assign(remembered("reading", model.source), { page: model.page, zoom: model.zoom, turn: model.turn, fit });
  }

  // ---- what the bar says

  function names() {
    title.textContent = title.title = model.title;
    viewer.setAttribute("aria-label", model.title);
    sheets?.pane.setAttribute("aria-label", model.title);
    tellZoom(model.zoom);
    const button = (/** @type {any} */ action) => h("button", { type: "button", class: `btn ${action.primary ? "btn--primary" : "btn--line"}`, onclick: () => model.send_msg({ t: "action", name: action.name }) }, action.label);
    more.replaceChildren(...model.actions.map(button));
    more.hidden = !model.actions.length;
    steps();
  }

  /** @param {number} zoom */
  function tellZoom(zoom) {
    percent.textContent = said(labels.percent, { percent: Math.round(100 * zoom) });
    smaller.disabled = zoom <= ZOOMS[0];
    larger.disabled = zoom >= ZOOMS[ZOOMS.length - 1];
    fits.forEach((button, at) => button.setAttribute("aria-pressed", String(fit === FITS[at])));
  }

  function steps() {
    const page = Number(number.textContent);
    previous.disabled = page <= 1;
    next.disabled = !(page < Number(total.textContent));
  }

  // ---- what the bar does

  /** @param {number} by */
  function step(by) {
    if (sheets) sheets.go(sheets.page + by);
  }

  /** @param {string} text */
  function goTo(text) {
    const page = Math.min(info.pages.length, Math.max(1, Math.round(Number(text)) || (sheets?.page ?? 1)));
    goto.value = String(page);
    sheets?.go(page);
  }

  function free() {
    fit = "";
  }

  /** @param {number} by */
  function zoomBy(by) {
    const further = by > 0 ? ZOOMS.filter((each) => each > model.zoom + 0.01) : ZOOMS.filter((each) => each < model.zoom - 0.01).reverse();
    if (further.length) setZoom(further[0]);
  }

  /** @param {number} zoom */
  function setZoom(zoom) {
    free();
    model.zoom = zoom;
    tellZoom(zoom);
  }

  /** @param {string} name width, page, or nothing */
  function setFit(name) {
    fit = name;
    refit();
    tellZoom(model.zoom);
    keep();
  }

  /** A call opens beside the document, or closes: thumbnails would lie on the page, and come back when they have room. */
  function roomChanged() {
    if (viewer.clientWidth > WIDE !== wide) foldAsFits();
    refit();
  }

  /** The room has changed, or another way to fill it was chosen. */
  function refit() {
    if (!fit || !sheets?.sheets.length) return;
    const zoom = Math.floor(100 * Math.min(4, Math.max(0.25, sheets.zoomFor(fit)))) / 100;
    if (Math.abs(zoom - model.zoom) > 0.005) model.zoom = zoom;
  }

  /** @param {number} quarters */
  function turnBy(quarters) {
    model.turn = (model.turn + quarters + 4) % 4;
  }

  function foldAsFits() {
    wide = viewer.clientWidth > WIDE;
    fold(!(wide && (likes.thumbs ?? true)));
  }

  /** @param {boolean} away */
  function fold(away) {
    const there = info.pages.length > 1;
    viewer.classList.toggle("viewer--pages", there && !away);
    beside.hidden = !there;
    beside.setAttribute("aria-expanded", String(there && !away));
    if (there && viewer.clientWidth > WIDE) likes.thumbs = !away;
  }

  /** @param {ClipboardEvent} event */
  function copied(event) {
    const text = sheets && selectedText(sheets.pane);
    if (!text || !event.clipboardData) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  }

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

  // ---- keys

  /** @param {HTMLElement} field */
  function isIn(field) {
    return /** @type {ShadowRoot | Document} */ (field.getRootNode()).activeElement === field;
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (printing.dialog.open || keymap.open || event.altKey) return;
    const inField = event.composedPath()[0] instanceof HTMLInputElement;
    const act = event.ctrlKey || event.metaKey ? commands(event.key.toLowerCase()) : pages(event.key) ?? (inField ? null : letters(event.key));
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** With Ctrl. @param {string} key */
  function commands(key) {
    if (key === "f" && !finder.field.disabled) return () => finder.focus();
    return key === "p" ? () => printer.click() : null;
  }

  /** Everywhere, in fields too. @param {string} key @returns {(() => void) | undefined} */
  function pages(key) {
    return /** @type {Record<string, () => void>} */ ({ PageUp: () => step(-1), PageDown: () => step(1) })[key];
  }

  /** @param {string} key @returns {(() => void) | undefined} */
  function letters(key) {
    return /** @type {Record<string, () => void>} */ ({
      "+": () => zoomBy(1),
      "=": () => zoomBy(1),
      "-": () => zoomBy(-1),
      0: () => setZoom(1),
      l: () => setFit("width"),
      p: () => setFit("page"),
      r: () => turnBy(1),
      R: () => turnBy(-1),
      v: () => beside.click(),
      Home: () => sheets?.go(1),
      End: () => sheets?.go(info.pages.length),
      "?": () => keymap.showModal(),
    })[key];
  }

  model.on("zoom", () => { names(); sheets?.setZoom(model.zoom); keep(); });
  model.on("turn", () => { sheets?.setTurn(model.turn); thumbs?.turned(model.turn); refit(); keep(); });
  model.on("page", () => { if (sheets && sheets.page !== model.page) sheets.go(model.page); });
  model.on("title", names);
  model.on("actions", names);
  model.on("source", () => open());
  model.on("remove", () => { opening += 1; shut(); });
  open();
}
