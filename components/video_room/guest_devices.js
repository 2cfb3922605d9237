/** The devices of an invited person during the call: the other side of a telephone, another camera, microphone, loudspeaker. */
import { options, take } from "./device_select.js";
import { h, icon } from "./dom.js";

/** @typedef {import("./guest_tools.js").GuestContext} GuestContext */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./device_select.js").Which} Which */

/** @type {readonly Which[]} */
const KINDS = ["video", "audio", "speaker"];

/** @param {GuestContext} context */
export function openDevices({ words, devices, view }) {
  const box = h("div", { class: "tg-devices" });
  const draw = () => {
    const at = [...box.querySelectorAll("button")].findIndex((each) => each === document.activeElement);
    box.replaceChildren(...flip(), ...KINDS.flatMap(group));
    box.querySelectorAll("button")[at]?.focus();
  };
  const flip = () => {
    if (!sideOf(devices) || devices.list("video").length < 2) return [];
    const act = () => void flipped(devices);
    const attributes = { type: "button", class: "tg-btn tg-btn-line", onclick: act };
    return [h("button", attributes, icon("retry", 28), words.say("devices.flip"))];
  };
  /** @param {Which} which */
  const group = (which) => {
    const list = options(words, devices, which, which !== "speaker");
    if (list.length < 2) return [];
    const title = words.say(`device.${which}`);
    return [
      h("h3", {}, title),
      h("div", { class: "tg-choices", role: "group", "aria-label": title }, ...list.map((each) => row(which, each))),
    ];
  };
  /**
   * @param {Which} which
   * @param {import("./device_select.js").Option} option
   */
  const row = (which, { id, name, on }) => {
    const act = () => void take(devices, which, id);
    const attributes = { type: "button", class: "tg-choice", "aria-pressed": String(on), onclick: act };
    return h("button", attributes, h("span", {}, name), icon("check", 24));
  };
  draw();
  const quiet = devices.on("tracks list speaker", draw);
  const dialog = view.show(words.say("more.devices"), box);
  dialog.addEventListener("close", quiet);
  void devices.refresh();
}

/**
 * @param {Devices} devices
 * @returns {string} which side of a telephone looks; empty: it is no camera with sides
 */
function sideOf(devices) {
  const side = devices.tracks.video?.getSettings().facingMode;
  return side === "user" || side === "environment" ? side : "";
}

/**
 * The other side of a telephone; the one of now stays when there is none.
 * @param {Devices} devices
 */
async function flipped(devices) {
  devices.chosen.video = "";
  devices.facing = sideOf(devices) === "environment" ? "user" : "environment";
  devices.wanted.video = true;
  await devices.capture(["video"]);
}
