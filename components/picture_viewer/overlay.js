// @ts-check
/** Measures drawn over a picture: lines, outlines, what they amount to, and points that can be taken and moved. */

import { said, svg } from "../_shared/dom.js";
import { middle } from "./geometry.js";
import { amountOf, decimal, nameOf } from "./sentences.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {{kind: string, name: string, text: string, points: Point[], item: number}} Shape */

const HANDLE = 6; // px
const FINGER = 20; // px around a point that take it

export class Overlay {
  /** @param {any} labels @param {{hold: (event: PointerEvent, item: number, index: number) => void, key: (event: KeyboardEvent, item: number, index: number) => void}} told */
  constructor(labels, told) {
    this.labels = labels;
    this.told = told;
    this.built = "";
    this.shapes = svg("g");
    this.draft = svg("path", { class: "draft" });
    this.aim = svg("path", { class: "aim" });
    this.node = svg("svg", { class: "over" }, this.shapes, this.draft, this.aim);
  }

  /**
   * @param {import("./measures.js").Measures} measures @param {import("./camera.js").Camera} camera
   * @param {{points: Point[], closed: boolean} | null} draft @param {Point | null} aim
   */
  draw(measures, camera, draft, aim) {
    const shapes = shapesOf(measures, this.labels);
    const build = JSON.stringify(shapes.map(({ kind, name, points }) => [kind, name, points.length]));
    if (build !== this.built) this.build(shapes);
    this.built = build;
    shapes.forEach((shape, at) => this.place(/** @type {SVGElement} */ (this.shapes.children[at]), shape, camera));
    this.draft.setAttribute("d", draft ? lineThrough(draft.points, camera, draft.closed) : "");
    const at = aim && camera.toScreen(aim);
    this.aim.setAttribute("d", at ? `M${at.x - 14} ${at.y}h10m8 0h10M${at.x} ${at.y - 14}v10m0 8v10` : "");
  }

  /** New elements, and the focus back on the point that had it. @param {Shape[]} shapes */
  build(shapes) {
    const root = /** @type {ShadowRoot | Document} */ (this.node.getRootNode());
    const focused = root.activeElement instanceof SVGElement ? root.activeElement.getAttribute("data-point") : null;
    this.shapes.replaceChildren(
      ...shapes.map(({ kind, name, points, item }) => {
        const handles = points.map((_point, index) => this.handle(name, item, index));
        const line = [svg("path", { class: "casing" }), svg("path", { class: "line" })];
        return svg("g", { class: `measure ${kind}` }, ...line, svg("text", { class: "amount" }), ...handles);
      }),
    );
    const again = focused && this.shapes.querySelector(`[data-point="${focused}"]`);
    if (again) /** @type {SVGElement} */ (again).focus();
  }

  /** @param {string} name @param {number} item @param {number} index */
  handle(name, item, index) {
    return svg(
      "g",
      {
        class: "handle",
        tabindex: 0,
        role: "button",
        "aria-label": said(this.labels.point_of, { point: index + 1, measure: name }),
        "data-point": `${item}/${index}`,
        onpointerdown: (/** @type {PointerEvent} */ event) => this.told.hold(event, item, index),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.told.key(event, item, index),
      },
      svg("circle", { class: "finger", r: FINGER }),
      svg("circle", { class: "dot", r: HANDLE }),
    );
  }

  /** @param {SVGElement} node @param {Shape} shape @param {import("./camera.js").Camera} camera */
  place(node, { kind, text, points }, camera) {
    const path = lineThrough(points, camera, kind === "area");
    const [casing, line, amount, ...handles] = [...node.children];
    casing.setAttribute("d", path);
    line.setAttribute("d", path);
    const at = camera.toScreen(middle(points));
    amount.textContent = text;
    amount.setAttribute("x", String(at.x));
    amount.setAttribute("y", String(kind === "area" ? at.y + 5 : at.y - 12));
    points.forEach((point, index) => {
      const { x, y } = camera.toScreen(point);
      handles[index]?.setAttribute("transform", `translate(${x} ${y})`);
    });
  }
}

/** @param {import("./measures.js").Measures} measures @param {any} labels @returns {Shape[]} */
export function shapesOf(measures, labels) {
  /** @type {Shape[]} */
  const shapes = measures.measured.map((each, item) => {
    const name = nameOf(each, labels);
    const text = each.amount === null && each.problem === "no_reference" ? name : amountOf(each, labels);
    return { kind: each.kind, name, text, points: measures.items[item].points, item };
  });
  if (measures.reference) {
    const text = measures.mm ? said(labels.mm, { value: decimal(measures.mm, measures.mm % 1 ? 1 : 0, labels) }) : labels.reference;
    shapes.unshift({ kind: "reference", name: labels.reference, text, points: measures.reference, item: -1 });
  }
  return shapes;
}

/** @param {Point[]} points @param {import("./camera.js").Camera} camera @param {boolean} closed */
function lineThrough(points, camera, closed) {
  const places = points.map((point) => camera.toScreen(point)).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return places.length ? `M${places.join("L")}${closed ? "Z" : ""}` : "";
}
