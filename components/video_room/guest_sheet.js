/** Sheets that come from the bottom of the page of an invited person. */
import { h, icon } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */

/**
 * @param {Words} words
 * @param {string} title
 * @param {HTMLElement} content
 * @param {string} style
 */
export function sheet(words, title, content, style) {
  const dialog = h(
    "dialog",
    { class: `tg-sheet ${style}`, "aria-label": title },
    h(
      "div",
      { class: "tg-sheet-head" },
      h("h2", {}, title),
      h(
        "button",
        { type: "button", class: "tg-close", "aria-label": words.say("sheet.close"), onclick: () => dialog.close() },
        icon("close", 28),
      ),
    ),
    content,
  );
  return dialog;
}

/**
 * A question before something that cannot be taken back at once.
 * @param {Words} words
 * @param {{title: string, text: string, stay: string, go: string}} keys of labels
 * @param {() => void} act
 */
export function ask(words, keys, act) {
  const dialog = h(
    "dialog",
    { class: "tg-sheet", "aria-label": words.say(keys.title) },
    h("h2", {}, words.say(keys.title)),
    h("p", {}, words.say(keys.text)),
    h("button", { type: "button", class: "tg-btn", onclick: () => dialog.close() }, words.say(keys.stay)),
    h(
      "button",
      {
        type: "button",
        class: "tg-btn tg-btn-warm",
        onclick: () => {
          dialog.close();
          act();
        },
      },
      words.say(keys.go),
    ),
  );
  return dialog;
}
