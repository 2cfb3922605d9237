/**
 * Where the room stands on the page. The stage is a section of the page template, outside whatever the server builds;
 * it lays itself over the place that the page keeps free (`place`). When that place goes away with its server, the stage
 * stays where it was.
 */
import { set } from "./dom.js";

/** @typedef {import("./room.js").RoomPhase} RoomPhase */
/** @typedef {import("./call_view.js").Place} Place */
/** @typedef {{left: number, top: number, width: number, height: number}} Box */

const TICK = 250;
const DOCK = 560;
const SMALL = { width: 352, height: 312, margin: 16 };
/** A place lower than this is not meant to hold a call: the room takes what is left of the window. */
const LOWEST = 420;
/** On a telephone what stands above the room may keep this share of the window. */
const HEAD_SHARE = 0.3;
/** Inherited by the whole page, into every shadow tree: what gives its place to the room. */
const SPARED = "--td-spared-above-room";
const narrow = matchMedia("(max-width: 900px)");

export class Stage {
  /**
   * @param {HTMLElement} section
   * @param {() => HTMLElement} content what is drawn in it
   */
  constructor(section, content) {
    this.section = section;
    this.content = content;
    /** @type {HTMLElement | null} */
    this.hole = null;
    /** @type {RoomPhase} */
    this.state = "closed";
    /** @type {Place} */
    this.at = "right";
    this.written = "";
    this.put = this.put.bind(this);
    this.sizes = new ResizeObserver(this.put);
    addEventListener("scroll", this.put, { capture: true, passive: true });
    addEventListener("resize", this.put);
    narrow.addEventListener("change", this.put);
    setInterval(this.put, TICK);
  }

  /**
   * The component's box; the last one counts.
   * @param {HTMLElement} hole
   * @returns {() => void} the box is gone; nothing moves
   */
  place(hole) {
    this.hole = hole;
    this.sizes.disconnect();
    this.sizes.observe(hole);
    this.put();
    return () => {
      if (this.hole !== hole) return;
      this.hole = null;
      this.sizes.disconnect();
    };
  }

  /**
   * @param {RoomPhase} state
   * @param {Place} at
   */
  lay(state, at) {
    this.state = state;
    this.at = at;
    this.section.hidden = state === "closed";
    this.section.classList.toggle("td-float", this.isFloating);
    this.section.classList.toggle("td-over", this.isOver);
    this.section.classList.toggle("td-phone", narrow.matches);
    if (state === "closed") this.written = "";
    this.spare();
    this.put();
  }

  get isFloating() {
    return this.state === "call" && this.at === "small";
  }

  /** Above the dossier instead of beside it: the lobby, the large call, everything on a telephone. */
  get isOver() {
    return !this.isFloating && (this.state === "lobby" || this.at === "large" || narrow.matches);
  }

  /** The patient's identity stays in sight; « Entrer en salle » and who asked whom give their place to the call. */
  spare() {
    const { style } = document.documentElement;
    if (this.state === "closed") style.removeProperty(SPARED);
    else style.setProperty(SPARED, "none");
  }

  put() {
    if (this.state === "closed") return;
    this.section.classList.toggle("td-phone", narrow.matches);
    this.section.classList.toggle("td-over", this.isOver);
    const box = this.isFloating ? corner() : this.isOver ? this.over() : this.follow();
    if (box) this.write(box.box, box.clip);
  }

  /** @returns {{box: Box, clip: string} | null} */
  follow() {
    const { hole } = this;
    if (!hole?.isConnected) return this.written ? null : { box: this.dock(), clip: "" };
    const rect = hole.getBoundingClientRect();
    if (!rect.width) return null;
    const room = innerHeight - Math.max(0, rect.top);
    const box = {
      left: rect.left,
      top: rect.top,
      width: rect.width,
      height: rect.height < LOWEST ? room : Math.min(rect.height, room),
    };
    return { box, clip: clipOf(hole, box) };
  }

  /** @returns {{box: Box, clip: string}} */
  over() {
    const top = Math.round(Math.min(this.headHeight(), innerHeight * HEAD_SHARE));
    return { box: { left: 0, top, width: document.documentElement.clientWidth, height: innerHeight - top }, clip: "" };
  }

  /** No place was ever given: along the window's edge. */
  dock() {
    const top = this.headHeight();
    const wide = document.documentElement.clientWidth;
    const width = Math.min(DOCK, wide);
    return { left: this.at === "left" ? 0 : wide - width, top, width, height: innerHeight - top };
  }

  /** What stays visible above: up to the place, or else up to the stage's own place in the document. */
  headHeight() {
    if (this.hole?.getClientRects().length) return Math.max(0, this.hole.getBoundingClientRect().top);
    const before = this.section.previousElementSibling?.getBoundingClientRect();
    return Math.max(0, before?.bottom ?? 0);
  }

  /**
   * @param {Box} box
   * @param {string} clip
   */
  write(box, clip) {
    const round = (/** @type {number} */ value) => Math.round(value * 100) / 100;
    const style = `left:${round(box.left)}px;top:${round(box.top)}px;width:${round(box.width)}px;height:${round(box.height)}px;${clip}`;
    if (style === this.written) return;
    this.written = style;
    set(this.section, "style", style);
  }
}

/** @returns {{box: Box, clip: string}} */
function corner() {
  const wide = document.documentElement.clientWidth;
  const width = Math.min(SMALL.width, wide - 2 * SMALL.margin);
  return {
    box: {
      left: wide - width - SMALL.margin,
      top: innerHeight - SMALL.height - SMALL.margin,
      width,
      height: SMALL.height,
    },
    clip: "",
  };
}

/**
 * What scrolling boxes around the place cut off.
 * @param {HTMLElement} hole
 * @param {Box} box
 */
function clipOf(hole, box) {
  let [top, bottom] = [box.top, box.top + box.height];
  /** @type {Node | null} */
  let node = hole.parentNode;
  while (node) {
    if (node instanceof ShadowRoot) node = node.host;
    if (node instanceof HTMLElement && node !== document.body && node !== document.documentElement) {
      if (getComputedStyle(node).overflowY !== "visible") {
        const rect = node.getBoundingClientRect();
        top = Math.max(top, rect.top);
        bottom = Math.min(bottom, rect.bottom);
      }
    }
    node = node.parentNode;
  }
  const above = Math.max(0, top - box.top);
  const below = Math.max(0, box.top + box.height - bottom);
  return above || below ? `clip-path:inset(${Math.round(above)}px -40px ${Math.round(below)}px -40px)` : "";
}
