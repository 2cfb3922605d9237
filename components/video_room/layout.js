/**
 * Who stands large for a professional: chosen by the person and kept for the next call, or by itself when somebody begins to show something. A
 * tile that is pinned stays large, whatever happens.
 *
 * Emits `changed`.
 */
import { Emitter } from "./emitter.js";

/** @typedef {"auto" | "grid" | "speaker" | "side" | "share"} LayoutName */
/** @typedef {{key: string, person: string, shows: boolean}} Entry a tile: of the face of `person`, or of what they show */

/** @type {readonly LayoutName[]} */
export const LAYOUTS = ["auto", "grid", "speaker", "side", "share"];
const STORE = "td-layout";
/** Whoever speaks so long becomes the large one: not everybody who coughs. In ms. */
const SPEAKING = 1200;

export class Layout extends Emitter {
  constructor() {
    super();
    this.name = stored();
    /** Key of the pinned tile. */
    this.pinned = "";
    /** Who spoke last. */
    this.speaker = "";
    this.candidate = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {LayoutName} name */
  choose(name) {
    this.name = name;
    try {
      localStorage.setItem(STORE, name);
    } catch {
      // Chosen anew next time.
    }
    this.emit("changed");
  }

  /** @param {string} key of a tile to pin, or to let go when it is pinned */
  pin(key) {
    this.pinned = this.pinned === key ? "" : key;
    this.emit("changed");
  }

  /**
   * @param {string} person
   * @param {boolean} speaks
   */
  voice(person, speaks) {
    if (!speaks && person === this.candidate) this.candidate = "";
    if (!speaks || person === this.candidate || person === this.speaker) return;
    this.candidate = person;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.candidate !== person) return;
      this.speaker = person;
      this.emit("changed");
    }, SPEAKING);
  }

  /**
   * Keys of those that stand large; none: all are of one size; null: one fills the place, our own is in its corner.
   * @param {readonly Entry[]} entries ours last
   * @returns {string[] | null}
   */
  large(entries) {
    const others = entries.slice(0, -1);
    const shown = others.filter(({ shows }) => shows).pop();
    const pinned = entries.find(({ key }) => key === this.pinned);
    const name = this.name === "auto" ? (shown ? "share" : "grid") : this.name;
    if (name === "side" && others.length) return this.pair(others, pinned ?? shown, entries);
    if (pinned) return [pinned.key];
    if (others.length < 2 && (this.name !== "grid" || !others.length)) return null;
    if (name === "grid") return [];
    if (name === "share" && shown) return [shown.key];
    const face = others.find(({ person, shows }) => person === this.speaker && !shows) ?? others[0];
    return [face.key];
  }

  /**
   * Two side by side: what is pinned or shown, and the face of whoever shows it; else the two of a conversation.
   * @param {readonly Entry[]} others
   * @param {Entry | undefined} first
   * @param {readonly Entry[]} entries
   */
  pair(others, first, entries) {
    const one = first ?? others.find(({ person }) => person === this.speaker) ?? others[0];
    const own = entries[entries.length - 1];
    const rest = [...others.filter((each) => each !== one), own].filter((each) => each !== one);
    const two = rest.find(({ person, shows }) => person === one.person && !shows) ?? rest[0];
    return two ? [one.key, two.key] : [one.key];
  }
}

/** @returns {LayoutName} */
function stored() {
  try {
    const name = /** @type {LayoutName} */ (localStorage.getItem(STORE));
    return LAYOUTS.includes(name) ? name : "auto";
  } catch {
    return "auto";
  }
}
