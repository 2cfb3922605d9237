/**
 * The keyboard in a call: one letter each, only while the room has the focus (or nothing has), never while somebody types.
 * They can be turned off, which WCAG 2.1.4 asks of shortcuts that are a single letter.
 */
import { confirm } from "./confirm.js";
import { h } from "./dom.js";

/** @typedef {import("./tools.js").Context} Context */

const STORE = "td-shortcuts";
const TYPING = "input, textarea, select, [contenteditable], [role=menu], [role=listbox], dialog";

/** @type {readonly {key: string, name: string, act: (context: Context) => unknown}[]} */
export const KEYS = [
  { key: "m", name: "audio", act: ({ call }) => call.turnMicrophone() },
  { key: "v", name: "video", act: ({ devices }) => devices.turn("video", !devices.sends("video")) },
  { key: "d", name: "chat", act: ({ view }) => view.turn("chat") },
  { key: "p", name: "people", act: ({ view }) => view.turn("people") },
  { key: "i", name: "invite", act: ({ view }) => view.turn("invite") },
  { key: "e", name: "share", act: ({ view }) => view.bar.tools.get("share")?.element.click() },
  { key: "a", name: "admit", act: ({ notes }) => firstWaiting(notes.element)?.focus() },
  { key: "q", name: "leave", act: (context) => askToLeave(context) },
  { key: "?", name: "help", act: (context) => show(context) },
];

/** @type {import("./tools.js").Tool} */
export const SHORTCUTS = { name: "shortcuts", place: "more", open: show, start };

/** @param {Context} context */
function start(context) {
  /** @param {KeyboardEvent} event */
  const heard = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
    const shortcut = KEYS.find(({ key }) => key === event.key.toLowerCase());
    if (!shortcut || !isMeant(event, context.view.bar.element)) return;
    if (!isOn() && shortcut.name !== "help") return;
    event.preventDefault();
    shortcut.act(context);
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

/**
 * Whether a key is meant for the room: pressed in it, or nowhere, and not into a field.
 * @param {KeyboardEvent} event
 * @param {Element} bar
 */
function isMeant(event, bar) {
  const path = event.composedPath();
  if (path.some((node) => node instanceof Element && node.matches(TYPING))) return false;
  const room = bar.closest(".td-room");
  return path[0] === document.body || (room !== null && path.includes(room));
}

/**
 * « Admettre » of who has waited longest; « Refuser » stands just before it.
 * @param {Element} notes
 * @returns {HTMLElement | null}
 */
function firstWaiting(notes) {
  return notes.querySelector("[role=alertdialog] .td-btn-primary");
}

/** @param {Context} context */
function askToLeave({ words, call, view }) {
  const question = {
    title: words.say("leave.ask"),
    text: words.say("leave.ask.text"),
    stay: words.say("confirm.cancel"),
    go: words.say("leave.ask.go"),
  };
  confirm(view.bar.element, question, () => call.leave());
}

/** @param {Context} context */
function show({ words, view }) {
  const rows = KEYS.map(({ key, name }) =>
    h("div", {}, h("dt", {}, h("kbd", {}, key.toUpperCase())), h("dd", {}, words.say(`shortcuts.${name}`))),
  );
  const on = h("input", { type: "checkbox", onchange: () => turn(on.checked) });
  on.checked = isOn();
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: "td-dialog td-shortcuts", "aria-label": words.say("shortcuts.title") },
    h("h3", { class: "td-title" }, words.say("shortcuts.title")),
    h("p", {}, words.say("shortcuts.text")),
    h("dl", {}, ...rows),
    h("label", { class: "td-choice" }, on, words.say("shortcuts.on")),
    h(
      "div",
      { class: "td-dialog-acts" },
      h("button", { type: "button", class: "td-btn", onclick: close }, words.say("shortcuts.close")),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  (view.bar.element.closest(".td-room") ?? view.bar.element).append(dialog);
  dialog.showModal();
}

function isOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
function turn(on) {
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // Only a habit.
  }
}
