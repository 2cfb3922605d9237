// @ts-check
/** The sheets of a document, one under another; what is far from view is not there, what is near comes first. */

import { h, said } from "../_shared/dom.js";
import { Line } from "../_shared/line.js";
import { marks, selectedRange, textLayer } from "./words.js";

const FULL_WIDTH = 760; // px of a sheet at 100 %
const NARROW = 640; // px: from here down a sheet takes all the width
// A sheet at 100 % and at each zoom is a multiple of it: images are shown point for point, not blurred.
const STEP = 190;
const WIDEST = 2280;
const AT_ONCE = 4; // requests: the server gives one person six turns
const [SEEN, WRITTEN, AHEAD] = [0, 1, 2]; // ranks: pages in view, their words, their neighbours
const SETTLED_MS = 150; // after the last move of a gesture
const EDGE = 16; // px above a page that was gone to
const KEPT = 3; // sheets to either side of those in view

/**
 * @typedef {object} Sheet
 * @property {HTMLElement} node @property {HTMLElement} leaf what is turned @property {HTMLImageElement | null} img
 * @property {number} page @property {number} width @property {number} height in points
 * @property {number} drawn @property {number} wanted px @property {boolean} text @property {AbortController | null} stop
 */

export class Sheets {
  /**
   * @param {import("./sources.js").Source} source @param {any} labels
   * @param {{onPage: (page: number) => void, onRoom: () => void}} told
   */
  constructor(source, labels, told) {
    this.source = source;
    this.labels = labels;
    this.told = told;
    this.zoom = 1;
    this.turn = 0;
    this.page = 1;
    this.text = false;
    /** @type {Sheet[]} */
    this.sheets = [];
    /** @type {import("./sources.js").Place[]} */
    this.places = [];
    this.place = -1;
    this.line = new Line(AT_ONCE);
    /** @type {Map<number, {width: number, image: Promise<HTMLImageElement>, stop: AbortController}>} */
    this.ahead = new Map();
    this.settling = 0;
    this.pane = h("div", { class: "pane", tabindex: 0, role: "region", onscroll: () => this.scrolled() });
    /** @type {Set<Sheet>} in view, or nearly */
    this.seen = new Set();
    const crossed = (/** @type {IntersectionObserverEntry[]} */ entries) => {
      for (const entry of entries) this.moved(entry);
      this.forget();
    };
    this.near = new IntersectionObserver(crossed, { root: this.pane, rootMargin: "60% 0px" });
    this.sized = new ResizeObserver(() => {
      this.told.onRoom();
      this.resize();
    });
    this.sized.observe(this.pane);
  }

  /** Ask for the page to begin with at once: it comes while the server still counts the others. @param {number} page */
  expect(page) {
    this.page = page;
    this.prefetch(page, this.pixels(this.sheetWidth()), SEEN);
  }

  /** @param {import("./sources.js").Info} info */
  show(info) {
    this.text = info.text;
    this.sheets = info.pages.map(([width, height], index) => {
      const page = index + 1;
      const leaf = h("div", { class: "leaf" });
      const name = said(this.labels.page_of, { page, pages: info.pages.length });
      const node = h("article", { class: "sheet", "aria-label": name }, leaf);
      return { node, leaf, page, width, height, drawn: 0, wanted: 0, text: false, img: null, stop: null };
    });
    this.pane.replaceChildren(...this.sheets.map((sheet) => sheet.node));
    this.resize();
    this.sheets.forEach((sheet) => this.near.observe(sheet.node));
    this.mark();
  }

  // ---- images

  /**
   * An image, in its turn; not loaded any further once `signal` says so.
   * @param {number} page @param {number} width @param {number} rank @param {AbortSignal} signal
   * @returns {Promise<HTMLImageElement>}
   */
  fetch(page, width, rank, signal) {
    return this.line.add(async () => {
      const image = new Image();
      image.alt = "";
      image.draggable = false;
      const come = new AbortController(); // from then on the image may be on the screen, and stays
      const left = new Promise((_done, failed) => {
        signal.addEventListener("abort", () => {
          image.removeAttribute("src"); // the browser lets go of the request
          failed(signal.reason);
        }, { once: true, signal: come.signal });
      });
      left.catch(() => {});
      const address = this.source.image(page, width, rank === AHEAD);
      image.src = typeof address === "string" ? address : await address; // at once: the first page leaves first of all
      await Promise.race([image.decode(), left]);
      come.abort();
      return image;
    }, rank, signal);
  }

  /** @param {number} page @param {number} width @param {number} rank */
  prefetch(page, width, rank) {
    const known = this.ahead.get(page);
    if (known && known.width >= width) return;
    const stop = new AbortController();
    const image = this.fetch(page, width, rank, stop.signal);
    const mine = { width, image, stop };
    this.ahead.set(page, mine);
    image.catch(() => this.ahead.get(page) === mine && this.ahead.delete(page)); // asked for again when it is needed
  }

  /** What was asked for ahead of a place that is no longer read. */
  letGo() {
    for (const [page, { stop }] of this.ahead) {
      if (Math.abs(page - this.page) <= 1) continue;
      stop.abort();
      this.ahead.delete(page);
    }
  }

  /** Both neighbours of the page in view, once it is there itself. */
  lookAhead() {
    const here = this.sheets[this.page - 1];
    if (!here?.drawn) return;
    for (const page of [this.page + 1, this.page - 1]) {
      const sheet = this.sheets[page - 1];
      if (sheet && !sheet.wanted) this.prefetch(page, this.pixels(this.leafWidth(sheet)), AHEAD);
    }
  }

  /** @param {IntersectionObserverEntry} entry */
  moved(entry) {
    const sheet = this.sheets.find((each) => each.node === entry.target);
    if (!sheet) return;
    if (entry.isIntersecting) {
      this.seen.add(sheet);
      this.draw(sheet);
      return;
    }
    this.seen.delete(sheet);
    if (sheet.wanted && !sheet.drawn) this.clear(sheet); // scrolled by before it came
  }

  /** What is far from all that is in view. A sheet crosses the edge while it is near, so it is the others that tell; a selection stays. */
  forget() {
    if (!this.seen.size) return; // the pane is hidden
    const pages = [...this.seen].map(({ page }) => page);
    const [first, last] = [Math.min(...pages) - KEPT, Math.max(...pages) + KEPT];
    const selected = selectedRange(this.pane);
    for (const sheet of this.sheets) {
      if (!sheet.drawn || (sheet.page >= first && sheet.page <= last)) continue;
      if (!selected || selected.collapsed || !selected.intersectsNode(sheet.leaf)) this.clear(sheet);
    }
  }

  /** @param {Sheet} sheet */
  clear(sheet) {
    sheet.stop?.abort();
    sheet.leaf.replaceChildren();
    Object.assign(sheet, { drawn: 0, wanted: 0, text: false, img: null, stop: null });
    this.mark(sheet);
  }

  /** @param {Sheet} sheet */
  async draw(sheet) {
    const width = this.pixels(this.leafWidth(sheet));
    if (sheet.wanted >= width) return; // a larger image is there, or coming
    sheet.wanted = width;
    sheet.stop?.abort();
    const known = this.ahead.get(sheet.page);
    const early = known && known.width >= width ? known : null;
    if (early) this.ahead.delete(sheet.page); // it is this sheet's now
    const stop = (sheet.stop = early?.stop ?? new AbortController());
    try {
      const image = await (early?.image ?? this.fetch(sheet.page, width, SEEN, stop.signal));
      if (sheet.wanted !== width || stop.signal.aborted) return;
      sheet.drawn = width;
      sheet.node.querySelector(".problem")?.remove();
      if (sheet.img) sheet.img.replaceWith(image);
      else sheet.leaf.prepend(image);
      sheet.img = image;
      this.lookAhead();
      if (this.text && !sheet.text) await this.write(sheet, stop.signal);
    } catch {
      if (!stop.signal.aborted && sheet.wanted === width && !sheet.drawn) this.complain(sheet);
    }
  }

  /** @param {Sheet} sheet @param {AbortSignal} signal */
  async write(sheet, signal) {
    sheet.text = true;
    const found = await this.line.add(() => this.source.words(sheet.page, signal), WRITTEN, signal).catch(() => null);
    if (found && sheet.img) sheet.img.after(textLayer(found));
    else sheet.text = false;
  }

  /** @param {Sheet} sheet */
  complain(sheet) {
    sheet.wanted = 0;
    const again = () => {
      sheet.node.querySelector(".problem")?.remove();
      this.clear(sheet);
      this.draw(sheet);
    };
    const button = h("button", { type: "button", class: "btn btn--line", onclick: again }, this.labels.retry);
    sheet.node.querySelector(".problem")?.remove();
    sheet.node.append(h("div", { class: "problem", role: "alert" }, h("p", {}, this.labels.page_failed), button));
  }

  // ---- sizes

  /** Room for a sheet, in px. */
  get room() {
    const across = this.pane.clientWidth || FULL_WIDTH;
    return { across: across - (across <= NARROW ? EDGE : 3 * EDGE), down: (this.pane.clientHeight || FULL_WIDTH) - 2 * EDGE, narrow: across <= NARROW };
  }

  /** Width of a sheet on the screen. @param {number} [zoom] */
  sheetWidth(zoom = this.zoom) {
    const { across, narrow } = this.room;
    return Math.max(80, narrow ? across : Math.min(FULL_WIDTH, across)) * zoom;
  }

  /** Width of what is turned, which is the height of a sheet that lies. @param {Sheet} sheet */
  leafWidth(sheet) {
    return this.turn % 2 ? (this.sheetWidth() * sheet.width) / sheet.height : this.sheetWidth();
  }

  /** @param {number} width */
  pixels(width) {
    return Math.min(WIDEST, Math.ceil((width * Math.min(devicePixelRatio || 1, 2)) / STEP - 0.001) * STEP);
  }

  /** The zoom at which the page in view takes all the width, or is seen whole. @param {string} fit width or page */
  zoomFor(fit) {
    const { across, down } = this.room;
    const wide = across / this.sheetWidth(1);
    const sheet = this.sheets[this.page - 1];
    if (fit === "width" || !sheet) return wide;
    const ratio = this.turn % 2 ? sheet.width / sheet.height : sheet.height / sheet.width;
    return Math.min(wide, down / (this.sheetWidth(1) * ratio));
  }

  /** @param {boolean} [redraw] images of the new size, too */
  resize(redraw = true) {
    const across = this.sheetWidth();
    for (const sheet of this.sheets) {
      const wide = this.leafWidth(sheet);
      const high = (wide * sheet.height) / sheet.width;
      sheet.node.style.width = `${across}px`;
      sheet.node.style.height = `${this.turn % 2 ? wide : high}px`;
      sheet.leaf.style.width = `${wide}px`;
      sheet.leaf.style.height = `${high}px`;
      sheet.leaf.style.transform = `translate(-50%, -50%) rotate(${this.turn * 90}deg)`;
      if (sheet.drawn && redraw) this.draw(sheet);
    }
  }

  /**
   * Keep in place what is at a point of the pane, by default in its middle. While a gesture lasts images are only
   * stretched; they come sharp once it has settled.
   * @param {number} zoom @param {{x: number, y: number}} [at] px from the pane's corner @param {boolean} [gesture]
   */
  setZoom(zoom, at = { x: this.pane.clientWidth / 2, y: this.pane.clientHeight / 2 }, gesture = false) {
    if (zoom === this.zoom) return;
    const sheet = this.sheetAt(this.pane.scrollTop + at.y);
    const before = sheet && { left: sheet.node.offsetLeft, top: sheet.node.offsetTop, width: sheet.node.offsetWidth };
    const [x, y] = [this.pane.scrollLeft + at.x, this.pane.scrollTop + at.y];
    this.zoom = zoom;
    this.resize(!gesture);
    if (sheet && before) {
      const factor = sheet.node.offsetWidth / before.width;
      this.pane.scrollLeft = sheet.node.offsetLeft + (x - before.left) * factor - at.x;
      this.pane.scrollTop = sheet.node.offsetTop + (y - before.top) * factor - at.y;
    }
    clearTimeout(this.settling);
    if (gesture) this.settling = window.setTimeout(() => this.resize(), SETTLED_MS);
  }

  /** The sheet at a height of the whole. @param {number} y px */
  sheetAt(y) {
    return this.sheets.find(({ node }) => node.offsetTop + node.offsetHeight >= y) ?? this.sheets[this.sheets.length - 1];
  }

  /** For the view only: what is printed or saved lies as it did. @param {number} turn quarters, clockwise */
  setTurn(turn) {
    if (turn === this.turn) return;
    this.turn = turn;
    this.resize();
    this.go(this.page);
  }

  // ---- pages

  scrolled() {
    const line = this.pane.scrollTop + this.pane.clientHeight / 3;
    const last = this.pane.scrollTop + this.pane.clientHeight >= this.pane.scrollHeight - 2;
    let page = 1;
    for (const sheet of this.sheets) if (sheet.node.offsetTop <= line) page = sheet.page;
    if (last && this.pane.scrollTop > 0) page = this.sheets.length;
    if (page !== this.page) this.turned(page);
  }

  /** @param {number} page */
  turned(page) {
    this.page = page;
    this.told.onPage(page);
    this.letGo();
    this.lookAhead();
  }

  /** @param {number} page */
  go(page) {
    const sheet = this.sheets[page - 1];
    if (!sheet) return;
    this.pane.scrollTop = sheet.node.offsetTop - EDGE;
    this.turned(page);
  }

  // ---- what was found

  /** @param {import("./sources.js").Place[]} places @param {number} place the one to show, from 0 */
  found(places, place) {
    this.places = places;
    this.place = place;
    this.mark();
    const here = places[place];
    if (!here) return;
    const mark = this.sheets[here.page - 1]?.leaf.querySelector("mark.now");
    if (!mark) return;
    const box = mark.getBoundingClientRect();
    const room = this.pane.getBoundingClientRect();
    if (box.top < room.top + 20 || box.bottom > room.bottom - 40) this.pane.scrollTop += box.top - room.top - room.height / 3;
    if (box.left < room.left || box.right > room.right) this.pane.scrollLeft += box.left - room.left - room.width / 3;
    this.scrolled();
  }

  /** @param {Sheet} [only] */
  mark(only) {
    for (const sheet of only ? [only] : this.sheets) for (const node of sheet.leaf.querySelectorAll("mark")) node.remove();
    this.places.forEach((place, index) => {
      const sheet = this.sheets[place.page - 1];
      if (sheet && (!only || sheet === only)) sheet.leaf.append(...marks(place.boxes, sheet.width, index === this.place));
    });
  }

  close() {
    for (const { stop } of this.ahead.values()) stop.abort();
    for (const sheet of this.sheets) sheet.stop?.abort();
    clearTimeout(this.settling);
    this.near.disconnect();
    this.sized.disconnect();
  }
}
