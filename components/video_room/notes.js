/** Short messages above the faces: who waits, what went wrong, what to press. */
import { h, icon, write } from "./dom.js";

/** @typedef {{label: string, act: () => void, primary?: boolean}} Act */
/** @typedef {{title: string, text?: string, icon?: string, mark?: HTMLElement, warm?: boolean, acts?: Act[], dialog?: string}} Note */

export class Notes {
  constructor() {
    this.element = h("div", { class: "td-notes" });
    /** @type {Map<string, {element: HTMLElement, text: HTMLElement, written: string}>} */
    this.byKey = new Map();
    /** @type {Map<string, ReturnType<typeof setTimeout>>} */
    this.timers = new Map();
  }

  /**
   * Show a note, or renew it. The same note is not drawn again, so that a button is not lost under the finger.
   * @param {string} key
   * @param {Note} note
   * @param {number} [ms] then it goes by itself
   */
  show(key, note, ms) {
    const written = JSON.stringify([note.title, note.acts?.map(({ label }) => label)]);
    const known = this.byKey.get(key);
    if (known?.written === written) write(known.text, note.text ?? "");
    else {
      known?.element.remove();
      const drawn = draw(note, key);
      this.byKey.set(key, { ...drawn, written });
      this.element.append(drawn.element);
    }
    clearTimeout(this.timers.get(key));
    if (ms)
      this.timers.set(
        key,
        setTimeout(() => this.hide(key), ms),
      );
  }

  /** @param {string} key */
  has(key) {
    return this.byKey.has(key);
  }

  /** @param {string} key */
  hide(key) {
    this.byKey.get(key)?.element.remove();
    this.byKey.delete(key);
  }

  /**
   * Keep only these among the notes whose key begins with `prefix`.
   * @param {string} prefix
   * @param {Set<string>} keys
   */
  keep(prefix, keys) {
    for (const key of [...this.byKey.keys()]) if (key.startsWith(prefix) && !keys.has(key)) this.hide(key);
  }
}

/**
 * @param {Note} note
 * @param {string} key on its buttons too: one that takes the place of another's is another (`press.js`)
 */
function draw(note, key) {
  const text = h("span", { class: "td-note-text" }, note.text ?? "");
  const acts = (note.acts ?? []).map(({ label, act, primary }) =>
    h(
      "button",
      { type: "button", class: primary ? "td-btn td-btn-primary" : "td-btn", "data-key": key, onclick: act },
      label,
    ),
  );
  const element = h(
    "div",
    {
      class: note.warm ? "td-note td-note-warm" : "td-note",
      role: note.dialog ? "alertdialog" : "status",
      "aria-label": note.dialog,
    },
    note.mark ?? icon(note.icon ?? "info", 24),
    h("span", { class: "td-note-body" }, h("b", {}, note.title), text),
    acts.length ? h("span", { class: "td-note-acts" }, ...acts) : null,
  );
  return { element, text };
}
