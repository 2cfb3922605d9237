// @ts-check
/** The panel of measures: tools, the reference's true length, what was measured, the change, the sentence to copy. */

import { h, said } from "../_shared/dom.js";
import { amountOf, changes, nameOf, percentOf, sentenceOf } from "./sentences.js";

const TOOLS = ["move", "reference", "length", "area"];

/** @typedef {import("./pane.js").Pane} Pane */

export class MeasurePanel {
  /** @param {any} labels @param {{choose: (tool: string) => void, say: (text: string) => void, undo: () => void, active: () => Pane | undefined}} told */
  constructor(labels, told) {
    this.labels = labels;
    this.told = told;
    /** @type {Pane[]} */
    this.panes = [];
    /** @type {{pane: Pane, hint: HTMLElement, field: HTMLInputElement, list: HTMLElement}[]} */
    this.parts = [];
    this.tools = TOOLS.map((name) => h("button", { type: "button", class: "chip", "aria-pressed": String(name === "move"), "data-tool": name, onclick: () => told.choose(name) }, labels[name]));
    const undo = h("button", { type: "button", class: "chip", onclick: () => told.undo() }, labels.undo);
    this.hint = h("p", { class: "hint" });
    this.pictures = h("div", { class: "pictures" });
    this.changes = h("ul", { class: "changes" });
    this.sentence = h("p", { class: "sentence" });
    this.copy = h("button", { type: "button", class: "btn btn--primary", onclick: () => this.copied() }, labels.copy);
    this.told_copied = h("span", { class: "copied", role: "status" });
    const head = h("div", { class: "tools", role: "group", "aria-label": labels.measure_tools }, ...this.tools, undo);
    const foot = h("div", { class: "foot" }, this.changes, this.sentence, h("div", { class: "row" }, this.copy, this.told_copied), h("p", { class: "note" }, labels.estimate));
    this.node = h("section", { class: "panel", "aria-label": labels.measures, hidden: true }, head, this.hint, this.pictures, foot);
    this.tool("move");
  }

  /** @param {Pane[]} panes */
  open(panes) {
    this.panes = panes;
    this.parts = panes.map((pane) => this.part(pane));
    this.pictures.replaceChildren(...this.parts.map(({ list }) => /** @type {Node} */ (list.parentNode)));
    this.tell();
  }

  /** What belongs to one picture. @param {Pane} pane */
  part(pane) {
    const { labels } = this;
    const name = `${pane.picture.date} · ${pane.picture.title}`;
    const field = /** @type {HTMLInputElement} */ (h("input", { type: "text", inputmode: "decimal", autocomplete: "off", size: 6, "aria-label": said(labels.true_length_of, { picture: name }) }));
    if (pane.measures.mm) field.value = pane.measures.mm.toLocaleString(labels.locale);
    const hint = h("p", { class: "state" });
    const list = h("ul", { class: "list" });
    const box = h("fieldset", {}, h("legend", {}, name), h("label", { class: "field" }, h("span", { class: "lab", "aria-hidden": "true" }, labels.true_length), field), hint, list);
    box.addEventListener("focusin", () => pane.told.active(pane));
    field.addEventListener("input", () => {
      const understood = pane.measures.setMillimetres(field.value);
      field.setAttribute("aria-invalid", String(!understood));
      pane.measured();
    });
    return { pane, hint, field, list };
  }

  /** @param {string} name */
  tool(name) {
    for (const button of this.tools) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    this.hint.textContent = this.labels[`hint_${name}`];
  }

  /** A measure has been drawn. @param {Pane} pane @param {string} name */
  finished(pane, name) {
    const part = this.parts.find((each) => each.pane === pane);
    if (name === "reference") part?.field.focus({ preventScroll: true });
    else {
      const last = pane.measures.measured[pane.measures.items.length - 1];
      this.told.say(`${nameOf(last, this.labels)} : ${amountOf(last, this.labels)}`);
    }
  }

  /** Everything anew but the fields: somebody may be typing there. */
  tell() {
    const { labels } = this;
    for (const { pane, hint, field, list } of this.parts) {
      const { measures, picture } = pane;
      const unread = field.getAttribute("aria-invalid") === "true";
      const states = { bad_length: unread, no_reference: !measures.reference, no_length: !measures.mm, short_reference: measures.isShort(picture.width, picture.height) };
      const state = Object.entries(states).find(([, is]) => is)?.[0];
      hint.textContent = state ? labels[state] : "";
      hint.hidden = !state;
      const root = /** @type {ShadowRoot | Document} */ (field.getRootNode());
      if (root.activeElement !== field && !unread) field.value = measures.mm ? measures.mm.toLocaleString(labels.locale) : "";
      list.replaceChildren(...measures.measured.map((each, item) => this.line(pane, each, item)));
    }
    this.tellChange();
  }

  /** @param {Pane} pane @param {import("./measures.js").Measured} each @param {number} item */
  line(pane, each, item) {
    const name = nameOf(each, this.labels);
    const remove = () => {
      pane.measures.remove(item);
      pane.measured();
    };
    const button = h("button", { type: "button", class: "remove", "aria-label": said(this.labels.remove, { measure: name }), title: said(this.labels.remove, { measure: name }), onclick: remove }, "\u00d7");
    return h("li", {}, h("span", {}, name), h("b", {}, amountOf(each, this.labels)), button);
  }

  tellChange() {
    const { labels } = this;
    const shown = this.panes.map(({ picture, measures }) => ({ picture, measures }));
    this.changes.replaceChildren(
      ...changes(shown).map((change) => {
        const amount = (/** @type {number} */ value) => amountOf({ ...change, amount: value, problem: "" }, labels);
        const fromTo = `${amount(change.before)} \u2192 ${amount(change.after)}`;
        return h("li", {}, h("span", {}, nameOf(change, labels)), h("span", {}, fromTo), h("b", {}, percentOf(change.percent, labels)));
      }),
    );
    const sentence = sentenceOf(shown, labels);
    this.sentence.textContent = sentence;
    /** @type {HTMLButtonElement} */ (this.copy).disabled = !sentence;
    this.told_copied.textContent = "";
  }

  async copied() {
    const text = this.sentence.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
      this.told_copied.textContent = this.labels.copied;
    } catch {
      // Not allowed, or no secure address: the sentence is chosen, to be copied by hand.
      getSelection()?.selectAllChildren(this.sentence);
      this.told_copied.textContent = this.labels.not_copied;
    }
  }
}
