/** « Partager l'écran », and while it is shared « Arrêter le partage ». */
import { h, icon } from "./dom.js";
import { canShare, followShare, turnShare } from "./screen_share.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {import("./tools.js").Tool} Tool */

/** @type {Tool} */
export const share = {
  name: "share", place: "first",
  isPossible: canShare,
  open: (context) => void turnShare(context),
  start: (context) => {
    const { words, aux, view } = context;
    const button = view.bar.tools.get("share")?.element;
    const word = h("span", { class: "td-share-word", "aria-hidden": "true" });
    button?.append(word);
    const draw = () => {
      const on = aux.picture === "screen";
      view.bar.press("share", on);
      view.bar.label("share", words.say(on ? "bar.share.stop" : "bar.share"));
      word.textContent = words.say(on ? "bar.share.stop.short" : "bar.share.short");
      button?.querySelector("svg")?.replaceWith(icon(on ? "share-stop" : "share", 22));
    };
    draw();
    return followShare(context, draw);
  },
};
