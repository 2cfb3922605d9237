// @ts-check
/** What was measured in one picture: a reference of known size, lengths and outlined areas, each step undoable. Pure. */

import { areaWithin, crossesItself, distance } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {{kind: string, points: Point[]}} Measure `kind`: length or area */
/** @typedef {{kind: string, number: number, amount: number | null, problem: string}} Measured in mm or mm² */

const MOST_STEPS = 100;
const MOST_MEASURES = 20;
const LARGEST_MM = 1000;
const SHORT = 1 / 20; // of the picture's diagonal: a shorter reference is read too roughly

export class Measures {
  /** @param {any} [kept] what `kept` was */
  constructor(kept) {
    /** @type {Point[] | null} */
    this.reference = kept?.reference ?? null;
    /** @type {number | null} */
    this.mm = kept?.mm ?? null;
    /** @type {Measure[]} */
    this.items = kept?.items ?? [];
    /** @type {string[]} */
    this.past = kept?.past ?? [];
  }

  get kept() {
    return { reference: this.reference, mm: this.mm, items: this.items, past: this.past };
  }

  /** Before each change: what « undo » comes back to. */
  remember() {
    this.past = [...this.past, JSON.stringify([this.reference, this.mm, this.items])].slice(-MOST_STEPS);
  }

  undo() {
    const before = this.past.pop();
    if (before === undefined) return false;
    [this.reference, this.mm, this.items] = JSON.parse(before);
    return true;
  }

  /** @param {string} kind reference, length or area @param {Point[]} points */
  add(kind, points) {
    this.remember();
    if (kind === "reference") this.reference = points;
    else this.items = [...this.items, { kind, points }].slice(-MOST_MEASURES);
  }

  /** @param {number} item -1: the reference */
  remove(item) {
    this.remember();
    if (item < 0) this.reference = null;
    else this.items = this.items.filter((_each, index) => index !== item);
  }

  /** @param {number} item -1: the reference @returns {Point[]} */
  points(item) {
    return (item < 0 ? this.reference : this.items[item]?.points) ?? [];
  }

  /** Call `remember` first: a point is moved in many small steps. @param {number} item @param {number} index @param {Point} to */
  move(item, index, to) {
    const moved = this.points(item).map((point, at) => (at === index ? to : point));
    if (item < 0) this.reference = moved;
    else this.items = this.items.map((each, at) => (at === item ? { ...each, points: moved } : each));
  }

  /** How long the reference truly is, as it was typed: « 50 », « 12,5 ». Whether it could be understood. @param {string} text */
  setMillimetres(text) {
    const plain = text.trim().replace(",", ".");
    const mm = plain === "" ? null : Number(plain);
    const understood = mm === null || (/^\d{1,4}(\.\d{1,3})?$/.test(plain) && mm > 0 && mm <= LARGEST_MM);
    const next = understood ? mm : null;
    if (next !== this.mm) this.remember();
    this.mm = next;
    return understood;
  }

  /** Millimetres for a point of the picture; null without a reference. */
  get scale() {
    if (!this.reference || !this.mm) return null;
    const points = distance(this.reference[0], this.reference[1]);
    return points > 0 ? this.mm / points : null;
  }

  /** Whether the reference is too short in the picture to be trusted. @param {number} width @param {number} height */
  isShort(width, height) {
    return this.reference !== null && distance(this.reference[0], this.reference[1]) < SHORT * Math.hypot(width, height);
  }

  /** Each measure with its number among its kind, from 1. @returns {Measured[]} */
  get measured() {
    /** @type {Record<string, number>} */
    const counts = {};
    return this.items.map(({ kind, points }) => {
      const number = (counts[kind] = (counts[kind] ?? 0) + 1);
      const isArea = kind === "area";
      if (isArea && crossesItself(points)) return { kind, number, amount: null, problem: "crossed" };
      if (this.scale === null) return { kind, number, amount: null, problem: "no_reference" };
      const amount = isArea ? areaWithin(points) * this.scale ** 2 : distance(points[0], points[1]) * this.scale;
      return { kind, number, amount, problem: "" };
    });
  }
}
