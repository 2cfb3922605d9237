/**
 * What one can do with a picture of somebody else: pin it, look at it in the whole screen, go into it, hold it. The video itself
 * is never moved in the document; a held picture is a copy that lies on it, so that it also outlives a change of route.
 */
import { h, icon, set } from "./dom.js";

/** @typedef {import("./tile.js").Tile} Tile */
/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./layout.js").Layout} Layout */

const MOST = 6;
const STEP = 1.5;
/** Part of the picture that an arrow key moves. */
const NUDGE = 0.1;

export class TileTools {
  /**
   * @param {Words} words
   * @param {Layout} layout
   * @param {Tile} tile
   * @param {string} key of the tile in the layout
   */
  constructor(words, layout, tile, key) {
    this.words = words;
    this.layout = layout;
    this.tile = tile;
    this.key = key;
    this.scale = 1;
    /** Of the middle of what is seen, in parts of the picture. */
    this.at = { x: 0.5, y: 0.5 };
    /** @type {HTMLCanvasElement | null} */
    this.held = null;
    this.pin = this.button("pin", () => layout.pin(key));
    this.hold = this.button("hold", () => this.turnHold());
    this.closer = this.button("zoom", () => this.zoom(this.scale * STEP));
    this.whole = this.button("whole", () => this.zoom(1));
    this.full = this.button("full", () => this.turnFull());
    this.element = h("div", { class: "td-controls" }, this.pin, this.hold, this.closer, this.whole, this.full);
    this.full.hidden = typeof tile.element.requestFullscreen !== "function";
    tile.element.append(this.element);
    const { pictures } = tile;
    this.handlers = /** @type {[string, (event: any) => void][]} */ ([
      ["wheel", (/** @type {WheelEvent} */ event) => this.wheel(event)],
      ["dblclick", (/** @type {MouseEvent} */ event) => this.into(event)],
      ["pointerdown", (/** @type {PointerEvent} */ event) => this.drag(event)],
    ]);
    for (const [name, act] of this.handlers) pictures.addEventListener(name, act, { passive: false });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    tile.named = () => this.draw();
    this.quiet = layout.on("changed", () => this.draw());
    this.onFull = () => this.draw();
    document.addEventListener("fullscreenchange", this.onFull);
    this.draw();
  }

  stop() {
    this.quiet();
    this.tile.named = () => {};
    document.removeEventListener("fullscreenchange", this.onFull);
    for (const [name, act] of this.handlers) this.tile.pictures.removeEventListener(name, act);
    this.held?.remove();
    this.element.remove();
    this.tile.pictures.style.transform = "";
  }

  /**
   * @param {string} mark name of its icon
   * @param {() => void} act
   */
  button(mark, act) {
    return h("button", { type: "button", class: "td-control", onclick: act }, icon(mark, 20));
  }

  draw() {
    const { words, tile } = this;
    const name = tile.name.textContent ?? "";
    const pinned = this.layout.pinned === this.key;
    const isFull = document.fullscreenElement === tile.element;
    this.say(this.pin, words.say(pinned ? "tile.unpin" : "tile.pin", { name }), pinned);
    this.say(this.hold, words.say(this.held ? "tile.resume" : "tile.hold", { name }), this.held !== null);
    this.say(this.closer, words.say("tile.zoom", { name }));
    this.say(this.whole, words.say("tile.whole", { name }));
    this.say(this.full, words.say(isFull ? "tile.full.end" : "tile.full", { name }), isFull);
    this.closer.disabled = this.scale >= MOST;
    this.whole.hidden = this.scale === 1;
    tile.element.classList.toggle("td-zoomed", this.scale > 1);
  }

  /**
   * @param {HTMLElement} button
   * @param {string} label
   * @param {boolean} [on]
   */
  say(button, label, on) {
    set(button, "aria-label", label);
    set(button, "title", label);
    if (on !== undefined) set(button, "aria-pressed", String(on));
  }

  // ---- holding

  /** The picture of now stays; sound goes on. Only here: the others go on seeing it move. */
  turnHold() {
    if (this.held) {
      this.held.remove();
      this.held = null;
    } else {
      const video = /** @type {HTMLVideoElement} */ (this.tile.video.element);
      if (!video.videoWidth) return;
      const still = h("canvas", { class: "td-video td-held", width: video.videoWidth, height: video.videoHeight });
      still.getContext("2d")?.drawImage(video, 0, 0);
      this.tile.pictures.append(still);
      this.held = still;
    }
    set(this.tile.element, "data-held", this.held && this.words.say("tile.held"));
    this.draw();
  }

  turnFull() {
    const { element } = this.tile;
    if (document.fullscreenElement === element) void document.exitFullscreen().catch(() => undefined);
    else void element.requestFullscreen().catch(() => undefined);
  }

  // ---- going into the picture

  /**
   * @param {number} scale
   * @param {{x: number, y: number}} [at] in parts of the tile, which stays where it is
   */
  zoom(scale, at = { x: 0.5, y: 0.5 }) {
    const next = Math.min(MOST, Math.max(1, scale));
    for (const axis of /** @type {const} */ (["x", "y"])) {
      const point = this.at[axis] + (at[axis] - 0.5) / this.scale;
      this.at[axis] = point - (at[axis] - 0.5) / next;
    }
    this.scale = next < 1.02 ? 1 : next;
    this.place();
    this.draw();
  }

  place() {
    const half = 0.5 / this.scale;
    for (const axis of /** @type {const} */ (["x", "y"])) {
      this.at[axis] = Math.min(1 - half, Math.max(half, this.at[axis]));
    }
    const [x, y] = [0.5 - this.at.x, 0.5 - this.at.y].map((part) => `${(100 * part).toFixed(2)}%`);
    this.tile.pictures.style.transform = this.scale === 1 ? "" : `scale(${this.scale}) translate(${x}, ${y})`;
  }

  /** @param {MouseEvent} event */
  point(event) {
    const rect = this.tile.element.getBoundingClientRect();
    return { x: (event.clientX - rect.left) / rect.width, y: (event.clientY - rect.top) / rect.height };
  }

  /** @param {WheelEvent} event with Ctrl, or two fingers; without them the page scrolls */
  wheel(event) {
    if (!event.ctrlKey && this.scale === 1) return;
    event.preventDefault();
    this.zoom(this.scale * Math.exp(-event.deltaY / 300), this.point(event));
  }

  /** @param {MouseEvent} event */
  into(event) {
    this.zoom(this.scale > 1 ? 1 : STEP * STEP, this.point(event));
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (this.scale === 1) return;
    event.preventDefault();
    const { pictures, element } = this.tile;
    const { width, height } = element.getBoundingClientRect();
    let from = event;
    const move = (/** @type {PointerEvent} */ next) => {
      this.at.x -= (next.clientX - from.clientX) / width / this.scale;
      this.at.y -= (next.clientY - from.clientY) / height / this.scale;
      from = next;
      this.place();
    };
    const end = () => {
      pictures.removeEventListener("pointermove", move);
      pictures.removeEventListener("pointerup", end);
      pictures.removeEventListener("pointercancel", end);
    };
    pictures.setPointerCapture(event.pointerId);
    pictures.addEventListener("pointermove", move);
    pictures.addEventListener("pointerup", end);
    pictures.addEventListener("pointercancel", end);
  }

  /** @param {KeyboardEvent} event on one of the buttons */
  onKey(event) {
    const moves = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [-NUDGE, 0],
      ArrowRight: [NUDGE, 0],
      ArrowUp: [0, -NUDGE],
      ArrowDown: [0, NUDGE],
    });
    const move = this.scale > 1 ? moves[event.key] : undefined;
    if (event.key === "+") this.zoom(this.scale * STEP);
    else if (event.key === "-") this.zoom(this.scale / STEP);
    else if (move) {
      this.at.x += move[0] / this.scale;
      this.at.y += move[1] / this.scale;
      this.place();
    } else return;
    event.preventDefault();
  }
}
