/**
 * What one person can send at a time: microphone and camera, and beside them a second sound and a second picture (`aux`):
 * a shared screen and its sound, another camera, a stethoscope.
 */

/** @typedef {"audio" | "video"} Kind a medium; as a source: the microphone, the camera */
/** @typedef {"aux-audio" | "aux-video"} AuxSource */
/** @typedef {Kind | AuxSource} Source */
/** @typedef {Record<Source, MediaStreamTrack | null>} Tracks */

/** In the order of their media lines. @type {readonly Source[]} */
export const SOURCES = ["audio", "video", "aux-audio", "aux-video"];
/** @type {readonly Kind[]} */
export const OWN_SOURCES = ["audio", "video"];
/** @type {readonly AuxSource[]} */
export const AUX_SOURCES = ["aux-audio", "aux-video"];

/**
 * @param {Source} source
 * @returns {Kind}
 */
export function mediumOf(source) {
  return source === "audio" || source === "aux-audio" ? "audio" : "video";
}

/**
 * Which source each media line of an offer is for, told by their order: the first sound is the microphone, the second one
 * the second sound, and so with pictures. An answerer's own transceivers stand in another order.
 * @param {string} sdp
 * @returns {Map<Source, string>} mid of each; a first offer has two only
 */
export function linesOf(sdp) {
  /** @type {Map<Source, string>} */
  const mids = new Map();
  for (const section of sdp.split(/^m=/m).slice(1)) {
    const medium = section.split(" ", 1)[0];
    const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
    const source = SOURCES.find((each) => mediumOf(each) === medium && !mids.has(each));
    if (source && mid) mids.set(source, mid);
  }
  return mids;
}

/**
 * The keys with which a description's media are encrypted: another description with other keys is of another connection.
 * Browsers write them once, or once a line, in small letters or in capitals.
 * @param {string} sdp
 */
export function keysOf(sdp) {
  const lines = sdp.match(/^a=fingerprint:.*$/gm) ?? [];
  return [...new Set(lines.map((line) => line.trim().toLowerCase()))].sort().join();
}

/** What an ear needs to hear a heart: both channels without gaps. With one channel Opus takes out what is below a voice. */
const WHOLE_BAND = "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1;maxaveragebitrate=128000;usedtx=0";

/**
 * A description as it is sent: of the second sound it says that the whole band is wanted (RFC 7587, 7.1: whoever receives
 * governs how the other one encodes).
 * @param {string} sdp
 */
export function wholeBand(sdp) {
  const mid = linesOf(sdp).get("aux-audio");
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => {
      const opus = /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
      if (!opus || !mid || !section.includes(`a=mid:${mid}\r\n`)) return section;
      return section.replace(new RegExp(`^a=fmtp:${opus} .*$`, "m"), `a=fmtp:${opus} ${WHOLE_BAND}`);
    })
    .join("");
}
