// @ts-check
/** Measures in words: « 12,4 cm² », « −32 % », and the sentence that goes into an opinion. Words come in `labels`. */

import { said } from "../_shared/dom.js";
import { grownBy } from "./geometry.js";

/** @typedef {import("./measures.js").Measured} Measured */
/** @typedef {{picture: import("./sources.js").Picture, measures: import("./measures.js").Measures}} Shown */
/** @typedef {{kind: string, number: number, before: number, after: number, percent: number | null}} Change */

const SQUARE_CM = 100; // mm²

/** A length in mm or an area in cm², no more exact than it is. @param {Measured} measured @param {any} labels */
export function amountOf({ kind, amount, problem }, labels) {
  if (amount === null) return labels[problem];
  const isArea = kind === "area";
  const value = isArea ? amount / SQUARE_CM : amount;
  const digits = value >= 99.95 ? 0 : value >= 1 || !isArea ? 1 : 2;
  return said(isArea ? labels.square_cm : labels.mm, { value: decimal(value, digits, labels) });
}

/** @param {number} value @param {number} digits @param {any} labels */
export function decimal(value, digits, labels) {
  return value.toLocaleString(labels.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** « −32 % », with a true minus sign. @param {number | null} percent @param {any} labels */
export function percentOf(percent, labels) {
  if (percent === null) return "";
  const sign = percent > 0 ? "+" : percent < 0 ? "\u2212" : "";
  return said(labels.percent, { percent: `${sign}${Math.abs(percent).toLocaleString(labels.locale)}` });
}

/** « Surface », « Surface 2 ». @param {{kind: string, number: number}} measured @param {any} labels */
export function nameOf({ kind, number }, labels) {
  return number > 1 ? `${labels[kind]} ${number}` : labels[kind];
}

/** What can be told of both dates: the same kind and number in each. @param {Shown[]} shown older first @returns {Change[]} */
export function changes(shown) {
  if (shown.length < 2) return [];
  const [before, after] = shown.map(({ measures }) => measures.measured.filter((each) => each.amount !== null));
  return before.flatMap((old) => {
    const now = after.find((each) => each.kind === old.kind && each.number === old.number);
    if (!now || old.amount === null || now.amount === null) return [];
    const { kind, number } = old;
    return [{ kind, number, before: old.amount, after: now.amount, percent: grownBy(old.amount, now.amount) }];
  });
}

/** All that was measured, as it can stand in an opinion; empty when nothing was. @param {Shown[]} shown older first @param {any} labels */
export function sentenceOf(shown, labels) {
  const told = changes(shown);
  const sentences = told.map((change) => {
    const amount = (/** @type {number} */ value) => amountOf({ ...change, amount: value, problem: "" }, labels);
    const [from, to] = [shown[0].picture.date, shown[1].picture.date];
    const what = labels[`the_${change.kind}`] + (change.number > 1 ? ` ${change.number}` : "");
    const percent = percentOf(change.percent, labels);
    return said(labels.sentence_change, { what, from, to, before: amount(change.before), after: amount(change.after), percent });
  });
  for (const { picture, measures } of shown) {
    for (const each of measures.measured) {
      if (each.amount === null || told.some(({ kind, number }) => kind === each.kind && number === each.number)) continue;
      const values = { what: nameOf(each, labels), value: amountOf(each, labels), title: picture.title, date: picture.date };
      sentences.push(said(labels.sentence_one, values));
    }
  }
  if (!sentences.length) return "";
  const used = shown.filter(({ measures }) => measures.scale !== null).map(({ measures }) => /** @type {number} */ (measures.mm));
  const references = [...new Set(used)].map((mm) => said(labels.mm, { value: mm.toLocaleString(labels.locale) }));
  return [...sentences, said(labels.sentence_estimate, { reference: references.join(labels.and) })].join(" ");
}
