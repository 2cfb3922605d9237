/**
 * Sharing a tab, a window or a whole screen, with its sound where the browser can. Camera and microphone are not touched,
 * neither while the person chooses nor afterwards.
 *
 * A guest may share too, as long as a professional is in the room: a family shows a paper or a photograph to the
 * physician, not to each other.
 */

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./notes.js").Notes} Notes */
/** @typedef {{words: Words, call: Call, notes: Notes}} Around */
/** @typedef {"cancelled" | "refused" | "failed"} Reason why nothing is shared */

const NOTE = "share";
const SHORT = 6000;
const LONG = 12_000;
/** A person who closes the browser's window needs longer than this; a rule that forbids sharing does not. In ms. */
const BY_RULE = 150;
/** Letters must be read: many points, few pictures a second. */
const PICTURE = { width: { max: 1920 }, height: { max: 1200 }, frameRate: { ideal: 15, max: 30 } };
/** It is no voice: nothing is taken out of it. */
const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** @returns {boolean} this browser can: a telephone's can't */
export function canShare() {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/** @param {Call} call */
export function mayShare(call) {
  return call.me?.professional === true || [...call.people.values()].some(({ role }) => role === "professional");
}

/** Who is in the browser's window of choice now. @type {WeakSet<Call>} */
const choosing = new WeakSet();

/**
 * Begin, or stop what is shared.
 * @param {Around} around
 */
export async function turnShare({ words, call, notes }) {
  if (call.aux.picture === "screen") return call.aux.stop("screen");
  if (choosing.has(call)) return;
  if (!mayShare(call)) return notes.show(NOTE, { title: words.say("share.alone"), icon: "info" }, SHORT);
  choosing.add(call);
  notes.show(NOTE, { title: words.say("share.choose"), text: words.say("share.choose.text"), icon: "share" });
  const began = performance.now();
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia(wish(!call.aux.auscultates));
    notes.hide(NOTE);
    // While the person chose, the call may have ended, or the last professional left.
    if (call.state === "inside" && mayShare(call)) call.aux.start("screen", stream.getTracks());
    else for (const track of stream.getTracks()) track.stop();
  } catch (error) {
    const reason = reasonOf(error, performance.now() - began);
    const isOurs = reason === "cancelled";
    const note = { title: words.say(`share.${reason}`), text: words.say(`share.${reason}.text`) };
    notes.show(NOTE, { ...note, icon: isOurs ? "info" : "alert", warm: !isOurs }, isOurs ? SHORT : LONG);
  } finally {
    choosing.delete(call);
  }
}

/**
 * What is shared ends by itself: stopped in the browser's own bar, its window closed, the last professional gone.
 * @param {Around} around
 * @param {() => void} changed draw how it stands now
 * @returns {() => void} stop listening
 */
export function followShare({ words, call, notes }, changed) {
  const ended = () => {
    const note = { title: words.say("share.ended"), text: words.say("share.ended.text"), icon: "share-stop" };
    notes.show(NOTE, note, SHORT);
  };
  const stops = [
    call.aux.on("changed", changed),
    call.aux.on("ended", ({ content }) => content === "screen" && ended()),
    call.on("people", () => {
      if (call.aux.picture === "screen" && call.state === "inside" && !mayShare(call)) call.aux.stop("screen");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {boolean} sound with its sound; not while a stethoscope is heard, whose place it would take
 * @returns {DisplayMediaStreamOptions}
 */
function wish(sound) {
  // The sound of a whole computer holds the call itself: it is only asked for where the browser leaves that out.
  const own = "restrictOwnAudio" in (navigator.mediaDevices.getSupportedConstraints?.() ?? {});
  const wished = {
    video: PICTURE,
    audio: sound && { ...SOUND, ...(own && { restrictOwnAudio: true }) },
    systemAudio: own ? "include" : "exclude",
    selfBrowserSurface: "exclude",
    surfaceSwitching: "include",
  };
  return wished;
}

/**
 * @param {unknown} error of getDisplayMedia
 * @param {number} after ms
 * @returns {Reason}
 */
function reasonOf(error, after) {
  const { name, message } = error instanceof DOMException ? error : { name: "", message: "" };
  if (name === "AbortError") return "cancelled";
  if (name !== "NotAllowedError") return "failed";
  return /system|policy/i.test(message) || after < BY_RULE ? "refused" : "cancelled";
}
