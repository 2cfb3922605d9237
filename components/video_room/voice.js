/** What a person reads when a professional cuts their microphone, gives it back, or asks them to open it. */

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./notes.js").Notes} Notes */

const SILENCED = "silenced";
const GIVEN = "given";

/**
 * @param {Words} words
 * @param {Call} call
 * @param {Notes} notes
 * @returns {() => void} stop listening
 */
export function voiceNotes(words, call, notes) {
  /** @param {string} title */
  const offer = (title) =>
    notes.show(GIVEN, {
      title,
      text: words.say("voice.given.text"),
      icon: "mic",
      dialog: title,
      acts: [
        { label: words.say("voice.keep"), act: () => notes.hide(GIVEN) },
        {
          label: words.say("voice.open"),
          primary: true,
          act: () => {
            notes.hide(GIVEN);
            void call.devices.turn("audio", true);
          },
        },
      ],
    });
  const stops = [
    call.on("silenced", (silenced) => {
      if (!silenced) {
        notes.hide(SILENCED);
        if (!notes.has(GIVEN)) offer(words.say("voice.given"));
        return;
      }
      notes.hide(GIVEN);
      notes.show(SILENCED, {
        title: words.say("voice.silenced"),
        text: words.say("voice.silenced.text"),
        icon: "mic-off",
      });
    }),
    call.on("asked", ({ name }) => {
      notes.hide(SILENCED);
      if (call.devices.sends("audio")) notes.hide(GIVEN);
      else offer(words.say("voice.asked", { name }));
    }),
    call.devices.on("tracks", () => {
      if (call.devices.sends("audio")) notes.hide(GIVEN);
    }),
    call.on("state", () => {
      for (const key of [SILENCED, GIVEN]) if (call.state !== "inside") notes.hide(key);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
