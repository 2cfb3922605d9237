/**
 * « Auscultation »: a stethoscope as second microphone, and listening to that of somebody else. The panel is fetched when it is
 * first opened; until then its sound is simply played, as any other.
 */
import { h } from "./dom.js";
import { lateContent } from "./source_panel.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {import("./tools.js").Tool} Tool */

/** @type {Tool} */
export const auscultation = {
  name: "auscultation", place: "more",
  isPossible: () => typeof navigator.mediaDevices?.getUserMedia === "function",
  open: ({ view }) => view.turn("auscultation"),
  start: (context) => {
    const host = h("div", { class: "td-source-box" });
    const content = lateContent(context, host, async () => {
      const { AuscultationView } = await import("./auscultation_view.js");
      return new AuscultationView(context);
    });
    context.view.addPanel("auscultation", host, { shown: content.shown });
    const quiet = announce(context);
    return () => {
      quiet();
      content.stop();
    };
  },
};

/**
 * Who begins to let hear a stethoscope is told, with the way to listen properly.
 * @param {Context} context
 */
function announce({ words, call, notes, view }) {
  /** @type {Set<string>} */
  const told = new Set();
  const draw = () => {
    const heard = [...call.people.values()].filter((person) => person.auscultation);
    notes.keep("auscultation-", new Set(heard.map(({ id }) => `auscultation-${id}`)));
    for (const id of told) if (!heard.some((person) => person.id === id)) told.delete(id);
    for (const { id, name } of heard) {
      if (told.has(id)) continue;
      told.add(id);
      const act = () => {
        notes.hide(`auscultation-${id}`);
        if (view.open !== "auscultation") view.turn("auscultation");
      };
      const acts = [{ label: words.say("auscultation.open"), act, primary: true }];
      const note = { title: words.say("auscultation.begun", { name }), text: words.say("auscultation.headphones") };
      notes.show(`auscultation-${id}`, { ...note, icon: "auscultation", acts });
    }
  };
  draw();
  return call.on("people", draw);
}
