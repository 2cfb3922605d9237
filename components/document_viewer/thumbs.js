// @ts-check
/** Thumbnails beside the pages: drawn when they come into view, after what is read, and walked through by arrows. */

import { h, said } from "../_shared/dom.js";

const THUMBNAIL = 190; // px: the smallest width the server draws
const LAST = 9; // rank: everything else goes first

export class Thumbs {
  /**
   * @param {any} labels
   * @param {{go: (page: number) => void, image: (page: number, width: number, rank: number, signal: AbortSignal) => Promise<HTMLImageElement>}} told
   */
  constructor(labels, told) {
    this.labels = labels;
    this.told = told;
    this.node = h("ol", { class: "thumbs", "aria-label": labels.pages, onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) });
    this.near = new IntersectionObserver((seen) => seen.forEach((entry) => this.moved(entry)), { root: this.node, rootMargin: "40% 0px" });
    /** @type {HTMLElement[]} */
    this.buttons = [];
    /** @type {Map<Element, AbortController>} */
    this.coming = new Map();
  }

  /** @param {import("./sources.js").Info} info @param {number} turn */
  show(info, turn) {
    this.buttons = info.pages.map(([width, height], index) => {
      const page = index + 1;
      const node = h("button", {
        type: "button",
        class: "thumb",
        tabindex: -1,
        "aria-label": said(this.labels.page, { page }),
        "data-page": page,
        onclick: () => this.told.go(page),
      });
      node.style.setProperty("--ratio", String(width / height));
      return node;
    });
    this.turned(turn);
    this.node.replaceChildren(...this.buttons.map((node) => h("li", {}, node, h("span", { "aria-hidden": "true" }, String(node.dataset.page)))));
  }

  /** Only now: what is read comes before what helps to find it. */
  begin() {
    for (const node of this.buttons) this.near.observe(node);
  }

  /** @param {number} turn quarters */
  turned(turn) {
    this.node.style.setProperty("--turn", `${turn * 90}deg`);
    this.node.toggleAttribute("data-lying", turn % 2 === 1);
  }

  /** @param {IntersectionObserverEntry} entry */
  moved(entry) {
    const node = /** @type {HTMLElement} */ (entry.target);
    if (!entry.isIntersecting) {
      this.coming.get(node)?.abort(); // scrolled by
      this.coming.delete(node);
    } else if (!this.coming.has(node) && !node.firstChild) this.draw(node);
  }

  /** @param {HTMLElement} node */
  async draw(node) {
    const stop = new AbortController();
    this.coming.set(node, stop);
    const image = await this.told.image(Number(node.dataset.page), THUMBNAIL, LAST, stop.signal).catch(() => null);
    if (this.coming.get(node) === stop) this.coming.delete(node);
    if (!image) return;
    node.replaceChildren(image);
    this.near.unobserve(node);
  }

  /** The page in view. @param {number} page */
  mark(page) {
    for (const node of this.buttons) {
      const here = Number(node.dataset.page) === page;
      node.tabIndex = here ? 0 : -1;
      if (here) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
      if (here) this.node.scrollTop = Math.max(0, node.offsetTop - this.node.clientHeight / 2);
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const at = this.buttons.findIndex((node) => node === event.target);
    const last = this.buttons.length - 1;
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: at - 1, ArrowLeft: at - 1, ArrowDown: at + 1, ArrowRight: at + 1, Home: 0, End: last });
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    const to = Math.min(last, Math.max(0, steps[event.key]));
    this.told.go(to + 1);
    this.buttons[to].focus({ preventScroll: true });
  }

  close() {
    this.near.disconnect();
    for (const stop of this.coming.values()) stop.abort();
  }
}
