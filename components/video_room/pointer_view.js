/**
 * What is shown to everybody in the room, over the faces: the picture that the server draws, each one's pointer with name and
 * colour, and what they draw. A professional may put it into the dossier as it stands.
 */
import { h, icon, set, write } from "./dom.js";
import { keepForm } from "./keep_form.js";
import { paint, part, Strokes } from "./pointer_strokes.js";
import { PointerWords } from "./pointer_words.js";
import { send } from "./sending.js";
import { pictureOf } from "./still.js";

/** @typedef {import("./tool_receive.js").Around} Around */
/** @typedef {import("./pointer_strokes.js").Point} Point */
/**
 * @typedef {object} Thing
 * @property {string} id
 * @property {string} url
 * @property {string} name
 * @property {string} from who shows it
 * @property {number} width only the proportion counts
 * @property {number} height
 * @property {string} document its reference; empty for a captured picture
 * @property {number} page
 * @property {number} pages
 * @property {Record<string, number>} colours by participant
 */

/** By number (docs/signalling.md); told apart by people who see no red or no green, too (Okabe and Ito, 2008). */
const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442"];
/** ms after which a pointer that does not move is taken away. */
const RESTS = 5000;
/** ms during which it is said that the picture is in the dossier. */
const KEPT = 4000;
const STEP = { wide: 0.02, fine: 0.004 };
const WIDEST = 2280;

export class PointerView {
  /** @param {Around} around */
  constructor(around) {
    const { words, call } = around;
    this.around = around;
    /** @type {Thing | null} */
    this.thing = null;
    this.strokes = new Strokes();
    /** @type {Map<string, {element: HTMLElement, timer: ReturnType<typeof setTimeout>}>} */
    this.pointers = new Map();
    /** @type {Point} where the keyboard or the mouse stands */
    this.at = [0.5, 0.5];
    this.stroke = "";
    this.count = 0;
    this.others = new Set(call.people.keys());
    /** Address to which the drawing goes. */
    this.pictures = "";
    this.title = h("h3", { tabindex: -1 });
    this.image = h("img", { alt: "", draggable: "false" });
    this.canvas = h("canvas");
    this.hint = h("p", { class: "td-vh", id: "td-point-hint" }, words.say("point.hint"));
    this.sheet = h(
      "div",
      { class: "td-shown-sheet", tabindex: 0, role: "application", "aria-describedby": "td-point-hint" },
      this.image,
      this.canvas,
    );
    this.room = h("div", { class: "td-shown-room" }, this.sheet);
    this.tools = h("div", { class: "td-shown-tools" });
    this.keeping = h("div", { class: "td-shown-keep", hidden: true });
    this.live = h("p", { class: "td-vh", role: "status" });
    this.element = h(
      "section",
      { class: "td-shown", "aria-label": words.say("point.label"), hidden: true },
      h("div", { class: "td-shown-head" }, this.title, this.tools),
      this.room,
      this.keeping,
      this.hint,
      this.live,
    );
    this.saying = new PointerWords((word) => call.topology.say(word));
    around.tiles.element.append(this.element);
    new ResizeObserver(() => this.fit()).observe(this.room);
    this.listen();
  }

  get professional() {
    return this.around.call.me?.professional === true;
  }

  listen() {
    const { call } = this.around;
    const about = (/** @type {(word: any) => void} */ act) => (/** @type {any} */ word) =>
      word.on === this.thing?.id && call.people.has(word.from) && act(word);
    call.on("peer:point", about(({ from, x, y }) => this.point(from, [x, y])));
    call.on("peer:stroke", about(({ from, id, points }) => {
      this.strokes.add(from, id, points);
      this.point(from, points.at(-1));
      this.draw();
    }));
    call.on("peer:undo", about(({ from }) => this.strokes.undo(from) && this.draw()));
    call.on("peer:clear", about(({ from }) => {
      this.strokes.clear(from);
      this.draw();
    }));
    call.on("people", () => this.newcomers());
    const { sheet } = this;
    sheet.addEventListener("pointermove", (event) => this.moved(event));
    sheet.addEventListener("pointerdown", (event) => this.pressed(event));
    for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (this.stroke = ""));
    sheet.addEventListener("keydown", (event) => this.key(event));
  }

  stop() {
    this.show(null, "");
    this.saying.stop();
    this.element.remove();
  }

  /**
   * @param {Thing | null} thing
   * @param {string} pictures address to which the drawing goes when it is kept
   */
  show(thing, pictures) {
    const { words } = this.around;
    this.pictures = pictures;
    const same = thing && thing.id === this.thing?.id;
    this.thing = thing;
    this.element.hidden = !thing;
    if (same) return;
    this.strokes = new Strokes();
    this.stroke = "";
    this.saying.forget();
    this.keeping.hidden = true;
    this.element.classList.remove("td-shown-large");
    for (const id of [...this.pointers.keys()]) this.rest(id);
    if (!thing) return;
    write(this.title, this.named(thing));
    write(this.live, words.say("point.shown", { name: thing.from, title: this.named(thing) }));
    set(this.sheet, "aria-label", this.named(thing));
    this.image.src = `${thing.url}?l=${this.wanted()}`;
    set(this.image, "alt", this.named(thing));
    this.drawTools(thing);
    this.fit();
  }

  wanted() {
    return Math.min(WIDEST, Math.ceil(Math.max(600, this.room.clientWidth) * Math.min(devicePixelRatio, 2) * 1.2));
  }

  /** @param {Thing} thing */
  named({ name, document, page, pages }) {
    const { words } = this.around;
    if (!document) return words.say("point.picture", { name });
    return pages > 1 ? words.say("point.page", { name, page, pages }) : name;
  }

  /** @param {Thing} thing */
  drawTools(thing) {
    const { words, call } = this.around;
    const one = (/** @type {string} */ label, /** @type {string} */ mark, /** @type {() => void} */ act) =>
      h("button", { type: "button", class: "td-iconbtn", "aria-label": label, title: label, onclick: act }, icon(mark));
    const turn = (/** @type {number} */ by) =>
      call.line.send({ t: "show", document: thing.document, page: thing.page + by });
    const back = one(words.say("point.previous"), "previous", () => void turn(-1));
    const next = one(words.say("point.next"), "next", () => void turn(1));
    set(back, "disabled", thing.page <= 1);
    set(next, "disabled", thing.page >= thing.pages);
    this.tools.replaceChildren(
      ...(this.professional && thing.pages > 1 ? [back, next] : []),
      one(words.say("point.undo"), "undo", () => this.undo()),
      one(words.say("point.clear"), "clear", () => this.clear()),
      one(words.say("point.large"), "place-large", () => {
        this.element.classList.toggle("td-shown-large");
        this.fit();
      }),
      ...(this.professional
        ? [
            one(words.say("capture.keep"), "keep", () => this.keep()),
            one(words.say("point.stop"), "close", () => void call.line.send({ t: "unshow" })),
          ]
        : []),
    );
  }

  /** The picture as large as its place, in its proportions. */
  fit() {
    const { thing, room, sheet } = this;
    if (!thing || !room.clientWidth) return;
    const scale = Math.min(room.clientWidth / thing.width, room.clientHeight / thing.height);
    sheet.style.width = `${Math.floor(thing.width * scale)}px`;
    sheet.style.height = `${Math.floor(thing.height * scale)}px`;
    this.draw();
  }

  draw() {
    const { canvas, sheet } = this;
    const dense = Math.min(devicePixelRatio, 2);
    canvas.width = Math.round(sheet.clientWidth * dense);
    canvas.height = Math.round(sheet.clientHeight * dense);
    const brush = canvas.getContext("2d");
    if (brush) paint(brush, canvas.width, canvas.height, this.strokes, (person) => this.colour(person));
  }

  /** @param {string} person `""` is ourselves */
  number(person, thing = this.thing) {
    const { call } = this.around;
    return thing?.colours[person || call.id || ""] ?? 0;
  }

  /** @param {string} person */
  colour(person, thing = this.thing) {
    return COLOURS[this.number(person, thing) % COLOURS.length];
  }

  // ---- pointers

  /**
   * @param {string} person `""` is ourselves
   * @param {Point} at
   */
  point(person, [x, y]) {
    const { words, call } = this.around;
    const known = this.pointers.get(person);
    clearTimeout(known?.timer);
    const name = person ? (call.people.get(person)?.name ?? "") : words.say("you");
    const element = known?.element ?? h("span", { class: "td-pointer" }, icon("point"), h("b", {}, name));
    if (!known) this.sheet.append(element);
    element.style.left = `${x * 100}%`;
    element.style.top = `${y * 100}%`;
    element.classList.toggle("td-pointer-left", x > 0.6);
    element.style.setProperty("--td-pointer", this.colour(person));
    this.pointers.set(person, { element, timer: setTimeout(() => this.rest(person), RESTS) });
  }

  /** @param {string} person */
  rest(person) {
    clearTimeout(this.pointers.get(person)?.timer);
    this.pointers.get(person)?.element.remove();
    this.pointers.delete(person);
  }

  /** @param {PointerEvent} event @returns {Point} */
  place(event) {
    const box = this.sheet.getBoundingClientRect();
    return part((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (!this.thing) return;
    const all = event.getCoalescedEvents?.() ?? [];
    this.at = this.place(event);
    if (this.stroke) this.goOn(...(all.length ? all : [event]).map((each) => this.place(each)));
    else this.saying.point(this.thing.id, this.at);
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    if (!this.thing || event.button !== 0) return;
    event.preventDefault();
    this.sheet.focus({ preventScroll: true });
    this.sheet.setPointerCapture(event.pointerId);
    this.begin();
    this.goOn(this.place(event));
  }

  // ---- drawing

  begin() {
    this.count += 1;
    this.stroke = `${Date.now().toString(36)}-${this.count}`;
  }

  /** @param {...Point} points */
  goOn(...points) {
    if (!this.thing) return;
    this.strokes.add("", this.stroke, points);
    this.saying.stroke(this.thing.id, this.stroke, this.number(""), points);
    this.draw();
  }

  undo() {
    if (!this.thing || !this.strokes.undo("")) return;
    this.stroke = "";
    this.saying.take("undo", this.thing.id);
    this.draw();
  }

  clear() {
    if (!this.thing) return;
    this.strokes.clear("");
    this.stroke = "";
    this.saying.take("clear", this.thing.id);
    this.draw();
  }

  /** Arrows move, space draws, backspace takes the last stroke away. @param {KeyboardEvent} event */
  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = /** @type {Record<string, number[]>} */ (moves)[event.key];
    if (!this.thing) return;
    if (move) {
      const step = event.shiftKey ? STEP.fine : STEP.wide;
      this.at = part(this.at[0] + move[0] * step, this.at[1] + move[1] * step);
      if (this.stroke) this.goOn(this.at);
      else this.saying.point(this.thing.id, this.at);
      this.point("", this.at);
    } else if (event.key === " ") this.pen();
    else if (event.key === "Backspace" || event.key === "Delete") this.undo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  pen() {
    const { words } = this.around;
    const down = !this.stroke;
    if (down) {
      this.begin();
      this.goOn(this.at);
    } else this.stroke = "";
    write(this.live, words.say(down ? "point.pen.down" : "point.pen.up"));
  }

  /** Who comes later has seen nothing of it: ours is said once more, from the beginning. */
  newcomers() {
    const { call } = this.around;
    const isNew = [...call.people.keys()].some((id) => !this.others.has(id));
    for (const id of this.others) if (!call.people.has(id)) this.rest(id);
    this.others = new Set(call.people.keys());
    const ours = this.strokes.of("");
    if (!isNew || !this.thing || !ours.length) return;
    this.saying.take("clear", this.thing.id);
    for (const { id, points } of ours) this.saying.stroke(this.thing.id, id, this.number(""), points);
  }

  // ---- into the dossier

  keep() {
    const { words } = this.around;
    if (!this.keeping.hidden) {
      this.keeping.hidden = true;
      return;
    }
    const form = keepForm(words, async (legende, site) => {
      const { url } = await send("PUT", this.pictures, await this.flattened());
      await send("POST", `${url}/dossier`, JSON.stringify({ legende, site }));
      setTimeout(() => (this.keeping.hidden = true), KEPT);
    });
    this.keeping.replaceChildren(form);
    this.keeping.hidden = false;
    form.querySelector("input")?.focus();
  }

  /** The picture with everything that was drawn on it, as large as the server draws it. */
  async flattened() {
    const { thing, strokes } = this; // another page may be shown before this one has come
    if (!thing) throw new Error("");
    const answer = await fetch(`${thing.url}?l=${WIDEST}`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error("");
    const bitmap = await createImageBitmap(await answer.blob());
    const canvas = h("canvas", { width: bitmap.width, height: bitmap.height });
    const brush = canvas.getContext("2d");
    if (!brush) throw new Error("");
    brush.drawImage(bitmap, 0, 0);
    paint(brush, canvas.width, canvas.height, strokes, (person) => this.colour(person, thing));
    return pictureOf(canvas, canvas.width, canvas.height);
  }
}
