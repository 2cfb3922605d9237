/** What is added to the check of an invited person a moment later: a loudspeaker to test, a silent microphone, the network. */
import { CheckView } from "./check_view.js";
import { h, icon, write } from "./dom.js";
import { playNotes } from "./level.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./guest_check.js").CheckList} CheckList */

const AUDIBLE = 0.2;
const SILENT = 9000;

/**
 * @param {CheckList} list
 * @param {Words} words
 * @param {Call} call
 */
export function begin(list, words, call) {
  if (list.element.parentElement?.querySelector(".tg-more-checks")) return;
  const network = new CheckView(words, call, "tg-link");
  const hint = h("p", { class: "td-net-advice", role: "status", hidden: true });
  const play = () => void playNotes((element) => list.devices.sound(element));
  const test = h("button", { type: "button", class: "tg-link tg-test", onclick: play }, icon("speaker", 24), words.say("check.speaker"));
  let heard = performance.now();
  list.heard = (level) => {
    const now = performance.now();
    if (level > AUDIBLE || !list.devices.sends("audio")) heard = now;
    hint.hidden = now - heard < SILENT;
    if (!hint.hidden) write(hint, words.say("check.silent"));
  };
  list.element.after(h("div", { class: "tg-more-checks" }, hint, test, network.element));
  const stop = call.on("state", (state) => {
    if (state === "out") return;
    network.stop();
    stop();
  });
  void network.start();
}
