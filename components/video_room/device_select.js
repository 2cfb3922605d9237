/** Choosing a camera, a microphone or a loudspeaker from a list, as `<select>` or as a menu above its button. */
import { ELSE, OFF } from "./devices.js";
import { h, icon } from "./dom.js";
import { menuButton } from "./menu.js";

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
  const list = devices
    .list(which)
    .map(({ id, name }, at) => ({ id, name: name || words.say(`device.${which}_n`, { n: at + 1 }), on: false }));
  if (which === "speaker") {
    if (devices.hasMoreSpeakers) list.push({ id: ELSE, name: words.say("device.speaker_else"), on: false });
    list.unshift({ id: "", name: words.say("device.speaker_default"), on: false });
    for (const option of list)
      option.on = option.id === (list.some(({ id }) => id === devices.chosen.speaker) ? devices.chosen.speaker : "");
    return list;
  }
  const off = !devices.wanted[which] || !devices.tracks[which];
  for (const option of list) option.on = !off && option.id === devices.current(which);
  if (none) list.push({ id: OFF, name: words.say(`device.${which}_off`), on: off });
  return list;
}

/**
 * Take what was chosen.
 * @param {Devices} devices
 * @param {Which} which
 * @param {string} id
 */
export function take(devices, which, id) {
  return which === "speaker" ? devices.chooseSpeaker(id) : devices.choose(which, id);
}

/**
 * A labelled `<select>` that follows the devices.
 * @param {Words} words
 * @param {Devices} devices
 * @param {Which} which
 */
export function deviceSelect(words, devices, which) {
  const list = h("select", {
    onchange: () => void take(devices, which, list.value),
  });
  const draw = () => {
    list.replaceChildren(
      ...options(words, devices, which, true).map(({ id, name, on }) => {
        const option = h("option", { value: id }, name);
        option.selected = on;
        return option;
      }),
    );
  };
  draw();
  const element = h(
    "label",
    { class: "td-field td-field-select" },
    h("span", { class: "td-lab" }, words.say(`device.${which}`)),
    list,
  );
  return { element, stop: devices.on("tracks list speaker", draw) };
}

/**
 * The button « Choisir le micro » and its menu.
 * @param {Words} words
 * @param {Devices} devices
 * @param {Which[]} parts
 * @param {string} label
 */
export function deviceMenu(words, devices, parts, label) {
  const draw = () =>
    parts.filter((which) => which !== "speaker" || devices.routesSound).map((which) =>
      h(
        "div",
        { role: "group", "aria-label": words.say(`device.${which}`) },
        h("p", { class: "td-menu-title", "aria-hidden": "true" }, words.say(`device.${which}`)),
        ...options(words, devices, which, false).map((option) => item(which, option)),
      ),
    );
  /**
   * @param {Which} which
   * @param {Option} option
   */
  const item = (which, { id, name, on }) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitemradio",
        "aria-checked": String(on),
        tabindex: -1,
        onclick: () => {
          close(true);
          void take(devices, which, id);
        },
      },
      icon("check", 18),
      h("span", {}, name),
    );

  const { element, button, close, follow } = menuButton(label, "chevron", draw, () => void devices.refresh());
  const stop = devices.on("list tracks", follow);
  return { element, button, stop };
}
