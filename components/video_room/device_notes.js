/** What a device or the browser asks of a person during a call, on the page of a professional and of a guest alike. */

/** @typedef {{words: import("./words.js").Words, notes: import("./notes.js").Notes}} Place */

/**
 * A telephone call, or another program, has taken our microphone or camera.
 * @param {Place} place
 * @param {import("./devices.js").Devices} devices
 * @param {import("./sources.js").Kind} kind
 * @param {string} [text] what the others notice
 */
export function sayInterrupted({ words, notes }, devices, kind, text) {
  const act = () => {
    notes.hide(`resume-${kind}`);
    void devices.retry([kind]);
  };
  notes.show(`resume-${kind}`, {
    title: words.say(`interrupted.${kind}`),
    text,
    icon: "alert",
    acts: [{ label: words.say("interrupted.resume"), primary: true, act }],
  });
}

/**
 * The browser waits for a gesture before it plays sound.
 * @param {Place} place
 * @param {import("./tiles.js").Tiles} tiles
 */
export function saySilent({ words, notes }, tiles) {
  const act = () => {
    notes.hide("sound");
    tiles.unmute();
  };
  notes.show("sound", {
    title: words.say("sound.blocked"),
    icon: "speaker",
    acts: [{ label: words.say("sound.play"), primary: true, act }],
  });
}
