/** A question before something that cannot be taken back; the focus returns to where it was. */
import { h } from "./dom.js";

/**
 * @param {Element} near an element of the page or shadow root in which the question is asked
 * @param {{title: string, text: string, stay: string, go: string}} words
 * @param {() => void} act
 */
export function confirm(near, { title, text, stay, go }, act) {
  const yes = () => {
    dialog.close();
    act();
  };
  const no = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: "td-dialog", "aria-label": title },
    h("h3", { class: "td-title" }, title),
    h("p", {}, text),
    h(
      "div",
      { class: "td-dialog-acts" },
      h("button", { type: "button", class: "td-btn", onclick: no }, stay),
      h("button", { type: "button", class: "td-btn td-btn-warm", onclick: yes }, go),
    ),
  );
  // What is typed here belongs to the question: Escape must not close the panel behind it.
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  (near.closest(".td-room") ?? near).append(dialog);
  dialog.showModal();
  return dialog;
}
