/** The face of one participant: picture or initials, name, line, microphone. It lasts from entering to leaving. */
import { bars, h, icon, set, setBars, write } from "./dom.js";
import { Player } from "./player.js";
import { initials } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./sources.js").Kind} Kind */
/**
 * @typedef {object} TileEvents
 * @property {(kind: Kind, track: MediaStreamTrack | null) => void} plays what is really seen or heard from here on
 * @property {(now: number) => void} frame a picture was shown
 * @property {(element: HTMLMediaElement) => void} sound an element for sound was made
 * @property {() => void} silent the browser refuses to play sound before a gesture
 */

export class Tile {
  /**
   * @param {Words} words
   * @param {Partial<TileEvents>} [events] none: our own face, which has no sound
   */
  constructor(words, events) {
    this.words = words;
    const own = events === undefined;
    this.volume = 1;
    /** It was given a name. */
    this.named = () => {};
    /** A panel plays its sound, louder. */
    this.isPlayedElsewhere = false;
    this.video = new Player("video", videoElement, {
      plays: (track) => events?.plays?.("video", track),
      frame: (now) => events?.frame?.(now),
      silent: () => undefined,
    });
    // Sound has an element of its own: a <video> waits for a first picture, which a voice without camera never sends.
    this.audio = own
      ? null
      : new Player(
          "audio",
          () => {
            const element = h("audio", { autoplay: true });
            element.volume = this.volume;
            events.sound?.(element);
            return element;
          },
          { plays: (track) => events.plays?.("audio", track), frame: () => undefined, silent: () => events.silent?.() },
        );
    this.face = h("span", { class: "td-face", "aria-hidden": "true" });
    this.veilText = h("span", { class: "td-veil-text" });
    this.veil = h("div", { class: "td-veil" }, this.face, this.veilText);
    this.level = bars();
    this.name = h("span", { class: "td-cap-name" });
    this.muted = h(
      "span",
      { class: "td-tag td-tag-muted", role: "img", "aria-label": words.say("tile.muted") },
      icon("mic-off", 16),
    );
    this.tag = h("span", { class: "td-tag" });
    this.pictures = h("div", { class: "td-pictures" }, this.video.element);
    this.element = h(
      "div",
      { class: own ? "td-tile td-own" : "td-tile" },
      this.pictures,
      this.audio?.element,
      this.veil,
      h("div", { class: "td-tags" }, this.tag, this.muted),
      h("div", { class: "td-cap" }, this.level, this.name),
    );
    this.setLevel(null);
    this.setMuted(false);
    this.setTag("");
  }

  /**
   * @param {MediaStreamTrack | null | undefined} video
   * @param {MediaStreamTrack | null | undefined} audio
   */
  play(video, audio) {
    this.video.play(video ?? null);
    this.audio?.play(audio ?? null);
  }

  /** @returns {boolean} a picture of what is played has come */
  get isSeen() {
    return this.video.flows;
  }

  stop() {
    this.video.stop();
    this.audio?.stop();
  }

  /**
   * @param {string} caption
   * @param {string} name whose initials stand there when there is no picture
   */
  setName(caption, name) {
    write(this.name, caption);
    write(this.face, initials(name));
    set(this.element, "aria-label", caption);
    set(this.element, "role", "group");
    this.named();
  }

  /**
   * @param {boolean} picture
   * @param {string} [instead] why there is none
   */
  setPicture(picture, instead = "") {
    this.element.classList.toggle("td-blank", !picture);
    write(this.veilText, picture ? "" : instead);
    this.veilText.hidden = picture || !instead;
  }

  /** @param {number | null} level 0..3, null: not shown */
  setLevel(level) {
    set(this.level, "hidden", level === null);
    if (level !== null) setBars(this.level, level, this.words.say(`quality.${level}.long`));
  }

  /**
   * @param {boolean} muted
   * @param {boolean} [silenced] by a professional
   */
  setMuted(muted, silenced = false) {
    this.muted.hidden = !muted && !silenced;
    this.muted.classList.toggle("td-tag-silenced", silenced);
    set(this.muted, "aria-label", this.words.say(silenced ? "tile.silenced" : "tile.muted"));
    this.audio?.hush(silenced);
  }

  /** @param {number} volume 0..1 of the voice; where the browser lets a page choose it */
  setVolume(volume) {
    this.volume = volume;
    for (const element of [this.audio?.element, this.audio?.next]) if (element) element.volume = volume;
  }

  /** @param {string} text */
  setTag(text) {
    write(this.tag, text);
    this.tag.hidden = !text;
  }

  /** @param {boolean} speaks */
  setVoice(speaks) {
    this.element.classList.toggle("td-talk", speaks);
  }
}

function videoElement() {
  const video = h("video", { class: "td-video", autoplay: true, playsinline: true, tabindex: -1 });
  video.muted = true;
  video.disablePictureInPicture = true;
  return video;
}
