/** Choosing a camera, a microphone or a loudspeaker from a list, as `<select>` or as a menu above its button. */
import { OFF } from "./devices.js";
import { h, icon, roam, set } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./sources.js").Kind | "speaker"} Which */
/** @typedef {{id: string, name: string, on: boolean}} Option */

/**
 * What can be chosen now.
 * @param {Words} words
 * @param {Devices} devices
 * @param {Which} which
 * @param {boolean} none offer « without » too
 * @returns {Option[]}
 */
export function options(words, devices, which, none) {
  const list = devices.list(which).map(({ id, name }, at) => ({ id, name: name || words.say(`device.${which}_n`, { n: at + 1 }), on: false }));
  if (which === "speaker") {
    list.unshift({ id: "", name: words.say("device.speaker_default"), on: false });
    for (const option of list) option.on = option.id === (list.some(({ id }) => id === devices.chosen.speaker) ? devices.chosen.speaker : "");
    return list;
  }
  const off = !devices.wanted[which] || !devices.tracks[which];
  for (const option of list) option.on = !off && option.id === devices.current(which);
  if (none) list.push({ id: OFF, name: words.say(`device.${which}_off`), on: off });
  return list;
}

/**
 * A labelled `<select>` that follows the devices.
 * @param {Words} words
 * @param {Devices} devices
 * @param {Which} which
 */
export function deviceSelect(words, devices, which) {
  const list = h("select", { onchange: () => (which === "speaker" ? devices.chooseSpeaker(list.value) : void devices.choose(which, list.value)) });
  const draw = () => {
    list.replaceChildren(...options(words, devices, which, true).map(({ id, name, on }) => {
      const option = h("option", { value: id }, name);
      option.selected = on;
      return option;
    }));
  };
  draw();
  const element = h("label", { class: "td-field td-field-select" }, h("span", { class: "td-lab" }, words.say(`device.${which}`)), list);
  return { element, stop: devices.on("tracks list", draw) };
}

/**
 * The button « Choisir le micro » and its menu.
 * @param {Words} words
 * @param {Devices} devices
 * @param {Which[]} parts
 * @param {string} label
 */
export function deviceMenu(words, devices, parts, label) {
  const menu = h("div", { class: "td-menu", role: "menu", "aria-label": label, hidden: true });
  const button = h("button", { type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false" }, icon("chevron", 18));
  const element = h("span", { class: "td-menu-at" }, button, menu);

  const draw = () => {
    menu.replaceChildren(...parts.map((which) => h("div", { role: "group", "aria-label": words.say(`device.${which}`) },
      h("p", { class: "td-menu-title", "aria-hidden": "true" }, words.say(`device.${which}`)),
      ...options(words, devices, which, false).map((option) => item(which, option)))));
  };
  /**
   * @param {Which} which
   * @param {Option} option
   */
  const item = (which, { id, name, on }) => h("button", {
    type: "button", role: "menuitemradio", "aria-checked": String(on), tabindex: -1,
    onclick: () => {
      close(true);
      if (which === "speaker") devices.chooseSpeaker(id);
      else void devices.choose(which, id);
    },
  }, icon("check", 18), h("span", {}, name));

  /** @param {Event} event */
  const outside = (event) => {
    if (!event.composedPath().includes(element)) close(false);
  };
  /** @param {boolean} back put the focus where it was */
  const close = (back) => {
    menu.hidden = true;
    set(button, "aria-expanded", "false");
    removeEventListener("pointerdown", outside, true);
    if (back) button.focus();
  };
  const open = () => {
    void devices.refresh();
    draw();
    menu.hidden = false;
    set(button, "aria-expanded", "true");
    addEventListener("pointerdown", outside, true);
    const first = menu.querySelector('[aria-checked="true"]') ?? menu.querySelector("button");
    if (first instanceof HTMLElement) first.focus();
  };
  button.addEventListener("click", () => (menu.hidden ? open() : close(true)));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !menu.hidden) {
      event.stopPropagation();
      close(true);
    } else if (event.key === "Tab") close(false);
    else if (!menu.hidden) roam(menu, "button", event);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") open();
  });
  /** A menu that is open keeps its focus while devices come and go. */
  const follow = () => {
    if (menu.hidden) return;
    const root = /** @type {Document | ShadowRoot} */ (menu.getRootNode());
    const at = Array.from(menu.querySelectorAll("button")).findIndex((each) => each === root.activeElement);
    draw();
    if (at >= 0) menu.querySelectorAll("button")[at]?.focus();
  };
  const stop = devices.on("list tracks", follow);
  return { element, button, stop };
}
