// @ts-check
/**
 * Pages on paper: pictures drawn by the server as fine as a printer needs, laid out one to a sheet, each of its own
 * size. The browser prints them and never sees the PDF.
 */

import { Refusal } from "../_shared/asking.js";
import { h, said } from "../_shared/dom.js";
import { Line } from "../_shared/line.js";

const PRINTED_WIDTH = 2280; // px: 276 dots per inch across A4
const MOST_PAGES = 100; // at once; the server says no to more
const PRINTED_AT_ONCE = 2;

/** @typedef {{pages: number[][], page: () => number, source: () => import("./sources.js").Source}} Printed */

export class Printing {
  /** @param {any} labels */
  constructor(labels) {
    this.labels = labels;
    this.stop = new AbortController();
    const number = (/** @type {string} */ name) =>
      /** @type {HTMLInputElement} */ (h("input", { type: "number", min: 1, inputmode: "numeric", "aria-label": labels[name], onfocus: () => this.choose("range") }));
    this.first = number("print_first");
    this.last = number("print_last");
    this.all = h("span", {});
    this.here = h("span", {});
    const choice = (/** @type {string} */ value, /** @type {Node[]} */ ...content) =>
      h("label", { class: "check" }, h("input", { type: "radio", name: "print", value }), ...content);
    this.choices = h("div", { class: "choices" }, choice("all", this.all), choice("here", this.here), choice("range", h("span", {}, labels.print_range)), h("div", { class: "range" }, this.first, h("span", { "aria-hidden": "true" }, "\u2013"), this.last));
    this.bar = /** @type {HTMLProgressElement} */ (h("progress", { "aria-label": labels.print_progress, max: 1, value: 0 }));
    this.said = h("p", { role: "status", class: "told" });
    this.start = /** @type {HTMLButtonElement} */ (h("button", { type: "submit", class: "btn btn--primary" }, labels.print_start));
    const cancel = h("button", { type: "button", class: "btn btn--line", onclick: () => this.dialog.close() }, labels.cancel);
    const form = h("form", { method: "dialog", onsubmit: (/** @type {Event} */ event) => this.submit(event) }, h("h3", {}, labels.print), this.choices, this.bar, this.said, h("div", { class: "row" }, cancel, this.start));
    this.dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "asks", "aria-label": labels.print, onclose: () => this.stop.abort() }, form));
  }

  /** @param {Printed} printed */
  open(printed) {
    const count = printed.pages.length;
    const page = printed.page();
    this.printed = printed;
    this.all.textContent = said(this.labels.print_all, { pages: count });
    this.here.textContent = said(this.labels.print_here, { page });
    for (const field of [this.first, this.last]) field.max = String(count);
    this.first.value = String(count > MOST_PAGES ? page : 1);
    this.last.value = String(Math.min(count, Number(this.first.value) + MOST_PAGES - 1));
    this.choose(count > MOST_PAGES ? "range" : "all");
    this.busy(false);
    this.said.textContent = count > MOST_PAGES ? said(this.labels.print_most, { most: MOST_PAGES }) : "";
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** @param {string} value */
  choose(value) {
    for (const radio of this.choices.querySelectorAll("input")) if (radio.type === "radio") radio.checked = radio.value === value;
  }

  /** @param {boolean} is */
  busy(is) {
    this.bar.hidden = !is;
    this.start.disabled = is;
    this.bar.value = 0;
  }

  /** What is chosen: first and last page; null when that makes no sense. @returns {[number, number] | null} */
  get range() {
    const printed = /** @type {Printed} */ (this.printed);
    const chosen = [...this.choices.querySelectorAll("input")].find((radio) => radio.type === "radio" && radio.checked)?.value;
    const count = printed.pages.length;
    const [first, last] = chosen === "here" ? [printed.page(), printed.page()] : chosen === "range" ? [this.first, this.last].map((field) => Number(field.value)) : [1, count];
    const makesSense = Number.isInteger(first) && Number.isInteger(last) && first >= 1 && last >= first && last <= count;
    return makesSense && last - first < MOST_PAGES ? [first, last] : null;
  }

  /** @param {Event} event */
  async submit(event) {
    event.preventDefault();
    const { range } = this;
    if (!range) {
      this.said.textContent = said(this.labels.print_wrong, { most: MOST_PAGES });
      return;
    }
    const stop = (this.stop = new AbortController());
    this.busy(true);
    try {
      const sheets = await this.draw(range, stop.signal);
      this.dialog.close();
      putOnPaper(sheets);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.said.textContent = error instanceof Refusal ? error.message : this.labels.print_failed;
      this.busy(false);
    }
  }

  /** @param {[number, number]} range @param {AbortSignal} signal */
  async draw([first, last], signal) {
    const { pages, source } = /** @type {Printed} */ (this.printed);
    const from = source();
    await from.printing(first, last);
    const line = new Line(PRINTED_AT_ONCE);
    const count = last - first + 1;
    let done = 0;
    const drawn = Array.from({ length: count }, (_none, index) => {
      const page = first + index;
      return line.add(async () => {
        const image = new Image();
        image.alt = said(this.labels.page, { page });
        image.src = await from.image(page, PRINTED_WIDTH);
        await image.decode();
        signal.throwIfAborted();
        done += 1;
        this.bar.value = done / count;
        this.said.textContent = said(this.labels.print_drawn, { done, pages: count });
        return { image, size: pages[page - 1] };
      }, page, signal);
    });
    return Promise.all(drawn);
  }
}

/** Everything else goes from the paper until the browser has printed. @param {{image: HTMLImageElement, size: number[]}[]} sheets */
function putOnPaper(sheets) {
  document.querySelector(".td-print")?.remove();
  const names = new Map(sheets.map(({ size: [width, height] }) => [`td-${Math.round(width)}-${Math.round(height)}`, [width, height]]));
  const sizes = [...names].map(([name, [width, height]]) => `@page ${name} { size: ${width}pt ${height}pt; margin: 0 } .td-print .${name} { page: ${name}; width: ${width}pt; height: ${height}pt }`);
  const style = h("style", {}, [
    "@media screen { .td-print { display: none } }",
    "@media print { body > :not(.td-print) { display: none !important }",
    "html, body { margin: 0 !important; padding: 0 !important; height: auto !important; min-height: 0 !important; overflow: visible !important; background: #fff !important }",
    ".td-print > div { break-after: page; break-inside: avoid; overflow: hidden } .td-print > div:last-child { break-after: auto }",
    ".td-print img { display: block; width: 100%; height: 100% } }",
    ...sizes,
  ].join("\n"));
  const papers = sheets.map(({ image, size: [width, height] }) => h("div", { class: `td-${Math.round(width)}-${Math.round(height)}` }, image));
  const root = h("div", { class: "td-print" }, style, ...papers);
  document.body.append(root);
  addEventListener("afterprint", () => root.remove(), { once: true });
  print();
}
