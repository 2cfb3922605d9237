/** An invited person shares a screen: what is shared is said above the faces, with the way to stop. */
import { followShare, turnShare } from "./screen_share.js";

/** @typedef {import("./guest_tools.js").GuestContext} GuestContext */

const ON = "share-on";
/** Calls whose sharing is followed already. @type {WeakSet<object>} */
const followed = new WeakSet();

/** @param {GuestContext} context */
export async function openShare(context) {
  const { call, words, notes } = context;
  const draw = () => {
    if (call.aux.picture !== "screen") return notes.hide(ON);
    const acts = [{ label: words.say("bar.share.stop"), act: () => call.aux.stop("screen") }];
    return notes.show(ON, { title: words.say("aux.own.screen"), icon: "share", acts });
  };
  if (!followed.has(call)) followShare(context, draw);
  followed.add(call);
  await turnShare(context);
}
