// @ts-check
/** The sheets of a document, one under another, and their thumbnails; what is far from view is not there. */

import { h, said } from "./dom.js";
import { marks, textLayer } from "./words.js";

const FULL_WIDTH = 760; // px of a sheet at 100 %
const NARROW = 640; // px: from here down a sheet takes all the width
// A sheet at 100 % and at each zoom is a multiple of it: images are shown point for point, not blurred.
const STEP = 190;
const WIDEST = 2280;
const THUMBNAIL = 190;

/** @typedef {{node: HTMLElement, page: number, width: number, height: number, drawn: number, wanted: number, text: boolean, img: HTMLImageElement | null}} Sheet */

export class Sheets {
  /**
   * @param {import("./sources.js").Source} source @param {any} labels
   * @param {{onPage: (page: number) => void}} told
   */
  constructor(source, labels, told) {
    this.source = source;
    this.labels = labels;
    this.told = told;
    this.zoom = 1;
    this.page = 1;
    this.fits = false; // a picture: its height counts too
    /** @type {Sheet[]} */
    this.sheets = [];
    /** @type {import("./sources.js").Place[]} */
    this.places = [];
    this.place = -1;
    this.pane = h("div", { class: "pane", tabindex: 0, role: "region", onscroll: () => this.scrolled() });
    this.thumbs = h("ol", { class: "thumbs", "aria-label": labels.pages });
    this.near = new IntersectionObserver((seen) => seen.forEach((entry) => this.moved(entry)), { root: this.pane, rootMargin: "60% 0px" });
    this.thumbsNear = new IntersectionObserver((seen) => seen.forEach((entry) => entry.isIntersecting && this.drawThumb(entry.target)), { root: this.thumbs });
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.pane);
  }

  /** Ask for the first page at once: it comes while the server still counts the others. */
  expect() {
    const width = this.pixels(this.sheetWidth([1, 1.4142]));
    this.first = { width, image: this.fetch(1, width) };
    this.first.image.catch(() => {}); // said when it is needed
  }

  /** @param {import("./sources.js").Info} info */
  show(info) {
    this.text = info.text;
    this.sheets = info.pages.map(([width, height], index) => {
      const node = h("article", { class: "sheet", "aria-label": said(this.labels.page_of, { page: index + 1, pages: info.pages.length }) });
      return { node, page: index + 1, width, height, drawn: 0, wanted: 0, text: false, img: null };
    });
    this.pane.replaceChildren(...this.sheets.map((sheet) => sheet.node));
    this.resize();
    this.sheets.forEach((sheet) => this.near.observe(sheet.node));
    this.showThumbs();
    this.mark();
  }

  showThumbs() {
    this.thumbs.replaceChildren();
    if (this.sheets.length < 2) return;
    for (const sheet of this.sheets) {
      const name = said(this.labels.page, { page: sheet.page });
      const node = h("button", { type: "button", class: "thumb", "aria-label": name, "data-page": sheet.page, onclick: () => this.go(sheet.page) });
      node.style.aspectRatio = `${sheet.width} / ${sheet.height}`;
      this.thumbs.append(h("li", {}, node, h("span", { "aria-hidden": "true" }, String(sheet.page))));
    }
    // After the first page: what is read comes before what helps to find it.
    (this.first ? this.first.image.catch(() => {}) : Promise.resolve()).then(() => {
      for (const node of this.thumbs.querySelectorAll(".thumb")) this.thumbsNear.observe(node);
    });
  }

  /** @param {Element} node */
  async drawThumb(node) {
    this.thumbsNear.unobserve(node);
    const image = await this.fetch(Number(/** @type {HTMLElement} */ (node).dataset.page), THUMBNAIL).catch(() => null);
    if (image) node.replaceChildren(image);
  }

  /** @param {number} page @param {number} width @returns {Promise<HTMLImageElement>} */
  async fetch(page, width) {
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    image.src = await this.source.image(page, width);
    await image.decode();
    return image;
  }

  /** Width of a sheet on the screen. @param {number[]} size */
  sheetWidth([width, height]) {
    const room = this.pane.clientWidth || FULL_WIDTH;
    let base = room <= NARROW ? room - 16 : Math.min(FULL_WIDTH, room - 48);
    if (this.fits) base = Math.min(room - (room <= NARROW ? 16 : 48), ((this.pane.clientHeight - 48) * width) / height, width);
    return Math.max(80, base) * this.zoom;
  }

  /** @param {number} width */
  pixels(width) {
    return Math.min(WIDEST, Math.ceil((width * Math.min(devicePixelRatio || 1, 2)) / STEP) * STEP);
  }

  resize() {
    for (const sheet of this.sheets) {
      const width = this.sheetWidth([sheet.width, sheet.height]);
      sheet.node.style.width = `${width}px`;
      sheet.node.style.aspectRatio = `${sheet.width} / ${sheet.height}`;
      if (sheet.drawn) this.draw(sheet);
    }
  }

  /** @param {IntersectionObserverEntry} entry */
  moved(entry) {
    const sheet = this.sheets.find((each) => each.node === entry.target);
    if (!sheet) return;
    if (entry.isIntersecting) this.draw(sheet);
    else if (Math.abs(entry.boundingClientRect.top) > 4 * this.pane.clientHeight) {
      sheet.node.replaceChildren();
      Object.assign(sheet, { drawn: 0, wanted: 0, text: false, img: null });
    }
  }

  /** @param {Sheet} sheet */
  async draw(sheet) {
    const width = this.pixels(sheet.node.clientWidth || this.sheetWidth([sheet.width, sheet.height]));
    if (sheet.wanted >= width) return; // a larger image is there, or coming
    sheet.wanted = width;
    try {
      const early = sheet.page === 1 && this.first && this.first.width >= width ? this.first.image : this.fetch(sheet.page, width);
      const image = await early;
      if (sheet.wanted !== width) return;
      sheet.drawn = width;
      sheet.node.querySelector(".problem")?.remove();
      if (sheet.img) sheet.img.replaceWith(image);
      else sheet.node.prepend(image);
      sheet.img = image;
      if (this.text && !sheet.text) await this.write(sheet);
    } catch {
      if (sheet.page === 1) this.first = undefined;
      if (sheet.wanted === width && !sheet.drawn) this.complain(sheet);
    }
  }

  /** @param {Sheet} sheet */
  async write(sheet) {
    sheet.text = true;
    const found = await this.source.words(sheet.page).catch(() => null);
    if (found && sheet.img) sheet.img.after(textLayer(found));
    else sheet.text = false;
  }

  /** @param {Sheet} sheet */
  complain(sheet) {
    sheet.wanted = 0;
    const again = () => { sheet.node.replaceChildren(); sheet.img = null; this.draw(sheet); };
    sheet.node.replaceChildren(h("div", { class: "problem", role: "alert" }, h("p", {}, this.labels.page_failed), h("button", { type: "button", class: "btn btn--line", onclick: again }, this.labels.retry)));
  }

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
    for (const node of this.thumbs.querySelectorAll(".thumb")) {
      const here = Number(/** @type {HTMLElement} */ (node).dataset.page) === page;
      node.toggleAttribute("aria-current", here);
      if (here) node.setAttribute("aria-current", "true");
      if (here) this.thumbs.scrollTop = Math.max(0, /** @type {HTMLElement} */ (node).offsetTop - this.thumbs.clientHeight / 2);
    }
    this.told.onPage(page);
  }

  /** @param {number} page */
  go(page) {
    const sheet = this.sheets[page - 1];
    if (!sheet) return;
    this.pane.scrollTop = sheet.node.offsetTop - 16;
    this.turned(page);
  }

  /** Keep in view what is in the middle. @param {number} zoom */
  setZoom(zoom) {
    const across = (this.pane.scrollLeft + this.pane.clientWidth / 2) / this.pane.scrollWidth;
    const down = (this.pane.scrollTop + this.pane.clientHeight / 2) / this.pane.scrollHeight;
    this.zoom = zoom;
    this.resize();
    this.pane.scrollLeft = across * this.pane.scrollWidth - this.pane.clientWidth / 2;
    this.pane.scrollTop = down * this.pane.scrollHeight - this.pane.clientHeight / 2;
  }

  /** @param {import("./sources.js").Place[]} places @param {number} place the one to show, from 0 */
  found(places, place) {
    this.places = places;
    this.place = place;
    this.mark();
    const here = places[place];
    const sheet = here && this.sheets[here.page - 1];
    if (!sheet) return;
    const top = sheet.node.offsetTop + (here.boxes[0][1] / sheet.width) * sheet.node.clientWidth;
    if (top < this.pane.scrollTop + 20 || top > this.pane.scrollTop + this.pane.clientHeight - 60) this.pane.scrollTop = top - this.pane.clientHeight / 3;
    this.scrolled();
  }

  mark() {
    for (const sheet of this.sheets) {
      for (const node of sheet.node.querySelectorAll("mark")) node.remove();
    }
    this.places.forEach((place, index) => {
      const sheet = this.sheets[place.page - 1];
      if (sheet) sheet.node.append(...marks(place.boxes, sheet.width, index === this.place));
    });
  }

  close() {
    this.near.disconnect();
    this.thumbsNear.disconnect();
    this.sized.disconnect();
  }
}
