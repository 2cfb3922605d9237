/** Somebody before a door: the waiting room. Colours come from the style sheet. */
const SVG = "http://www.w3.org/2000/svg";

/** @type {readonly [string, Record<string, string | number>, string][]} */
const SHAPES = [
  ["rect", { x: 84, y: 12, width: 96, height: 150, rx: 10 }, "tg-pic-frame"],
  ["rect", { x: 96, y: 24, width: 72, height: 138, rx: 5 }, "tg-pic-door"],
  ["circle", { cx: 156, cy: 98, r: 5 }, "tg-pic-knob"],
  ["rect", { x: 4, y: 160, width: 204, height: 6, rx: 3 }, "tg-pic-head"],
  ["circle", { cx: 36, cy: 71, r: 15 }, "tg-pic-head"],
  ["path", { d: "M14 160v-39c0-18 8-28 22-28s22 10 22 28v39Z" }, "tg-pic-body"],
];

export function waitingPicture() {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "tg-picture");
  picture.setAttribute("viewBox", "0 0 220 170");
  picture.setAttribute("aria-hidden", "true");
  for (const [name, attributes, style] of SHAPES) {
    const shape = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, String(value));
    shape.setAttribute("class", style);
    picture.append(shape);
  }
  return picture;
}
