/**
 * What we send beside face and voice: at most one second picture (a shared screen, another camera) and one second sound
 * (of the screen, a stethoscope). Whoever captured it hands it over; from then on it is ours, and stopped here.
 *
 * Emits `changed` {source} for each source that begins or ends, and `ended` {content} when the browser or the device ended
 * it, not the person here (« Arrêter le partage » of the browser, a pulled plug).
 */
import { Emitter } from "./emitter.js";
import { AUX_SOURCES } from "./sources.js";

/** @typedef {import("./sources.js").AuxSource} AuxSource */
/** @typedef {"screen" | "camera" | "auscultation"} Content */

/** What the encoder is to keep when it cannot keep everything: letters, a skin, the whole band of a sound. */
const HINTS = { screen: "detail", camera: "detail", auscultation: "music" };

export class Aux extends Emitter {
  constructor() {
    super();
    /** @type {Record<AuxSource, MediaStreamTrack | null>} */
    this.tracks = { "aux-audio": null, "aux-video": null };
    /** @type {Record<AuxSource, Content | "">} */
    this.contents = { "aux-audio": "", "aux-video": "" };
  }

  /** @returns {"" | "screen" | "camera"} of the picture */
  get picture() {
    return /** @type {"" | "screen" | "camera"} */ (this.contents["aux-video"]);
  }

  /** @returns {boolean} the sound is a stethoscope's */
  get auscultates() {
    return this.contents["aux-audio"] === "auscultation";
  }

  /** What the others are told of it: nothing when there is nothing. */
  get words() {
    return { ...(this.picture && { aux: this.picture }), ...(this.auscultates && { auscultation: true }) };
  }

  /**
   * Send this from now on, in place of what was sent of its kind. A sound that came with a picture ends with it.
   * @param {Content} content
   * @param {MediaStreamTrack[]} tracks one picture, one sound, or both
   */
  start(content, tracks) {
    if (content === "auscultation" && tracks.some(({ kind }) => kind === "video")) throw new TypeError("a sound only");
    if (tracks.some(({ kind }) => kind === "video") && this.picture) this.stop(this.picture);
    this.stop(content);
    for (const track of tracks) this.take(content, track);
  }

  /** @param {Content} [content] none: everything */
  stop(content) {
    for (const source of AUX_SOURCES) {
      if (this.contents[source] && (!content || this.contents[source] === content)) this.drop(source);
    }
  }

  /**
   * @param {Content} content
   * @param {MediaStreamTrack} track
   */
  take(content, track) {
    const source = track.kind === "audio" ? "aux-audio" : "aux-video";
    if (this.tracks[source]) this.drop(source);
    if (track.kind === "video" || content === "auscultation") track.contentHint = HINTS[content];
    track.onended = () => {
      if (this.tracks[source] !== track) return;
      this.stop(content);
      this.emit("ended", { content });
    };
    this.tracks[source] = track;
    this.contents[source] = content;
    this.emit("changed", { source });
  }

  /** @param {AuxSource} source */
  drop(source) {
    const track = this.tracks[source];
    if (track) track.onended = null;
    track?.stop();
    this.tracks[source] = null;
    this.contents[source] = "";
    this.emit("changed", { source });
  }
}
