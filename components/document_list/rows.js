// @ts-check
/** The rows of the list: documents, and files on their way with what may be done about them. */

import { h, said } from "../_shared/dom.js";
import { icon } from "./drawings.js";

/**
 * @typedef {{reference: string, title: string, kind: string, kind_label: string, facts: string, origin: string,
 *   state: string, state_label: string, state_detail?: string}} ListedDocument
 * @typedef {{reference: string, title: string, facts: string, origin: string, state: string, state_label: string,
 *   reason: string, progress: number|null, actions: string[]}} ListedArrival
 */

const STATE_DRAWINGS = /** @type {Record<string, string>} */ ({
  waiting: "sending",
  sending: "sending",
  examining: "examining",
  flattening: "picture",
  refused: "refused",
  failed: "refused",
});

/** @param {ListedDocument} one @param {boolean} chosen @param {() => void} choose */
export function documentRow(one, chosen, choose) {
  const state = one.state === "new" ? null : icon(one.state === "seen" ? "seen" : "download", 16);
  const title = h("b", {}, one.title);
  const text = h("span", { class: "doc__t" }, title, h("small", {}, one.facts), h("small", {}, one.origin));
  const look = one.state === "new" ? "tag" : "seen";
  const tag = h("span", { class: look, title: one.state_detail || null }, state, one.state_label);
  const drawing = h("span", { class: "doc__ic" }, icon(one.kind));
  const current = chosen ? "true" : null;
  return h(
    "li",
    { "data-key": `d${one.reference}` },
    h("button", { type: "button", class: "doc", "aria-current": current, onclick: choose }, drawing, text, tag),
  );
}

/**
 * A file on its way: under way with its progress, or refused with its reason and what may be done.
 * @param {ListedArrival} one
 * @param {Record<string, string>} labels
 * @param {(action: string) => void} act
 */
export function arrivalRow(one, labels, act) {
  const bad = one.state === "refused" || one.state === "failed";
  const state = one.state_label ? h("span", { class: bad ? "state state--bad" : "state" }, one.state_label) : null;
  const told = [one.facts, one.origin].filter(Boolean).join(" · ");
  const text = h("span", { class: "doc__t" }, h("b", {}, one.title), told ? h("small", {}, told) : null);
  if (state) text.append(state);
  if (one.reason) text.append(" ", h("span", { class: "reason" }, one.reason));
  if (!bad) text.append(bar(one, labels));
  if (one.actions.length) text.append(actions(one, labels, act));
  return h(
    "li",
    { class: bad ? "way way--bad" : "way", "data-key": `a${one.reference}` },
    h("span", { class: "doc__ic" }, icon(STATE_DRAWINGS[one.state] || "examining")),
    text,
  );
}

/** @param {ListedArrival} one @param {Record<string, string>} labels */
function bar(one, labels) {
  const name = said(labels.of, { action: one.state_label, name: one.title });
  const value = one.progress === null ? null : Math.round(one.progress * 100);
  return h("progress", { max: 100, value, "aria-label": name });
}

/** @param {ListedArrival} one @param {Record<string, string>} labels @param {(action: string) => void} act */
function actions(one, labels, act) {
  const buttons = one.actions.map((action) => {
    const name = said(labels.of, { action: labels[action], name: one.title });
    const press = () => act(action);
    const props = { type: "button", class: "btn btn--line", "aria-label": name, "data-action": action, onclick: press };
    return h("button", props, labels[action]);
  });
  return h("span", { class: "acts" }, ...buttons);
}
