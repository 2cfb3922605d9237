/** Somebody has come to the door: a soft sound, and how many wait in the title of the page, for who looks at another tab. */
import { playNotes } from "./level.js";

/** @typedef {import("./call.js").Call} Call */

const STORE = "td-knock";
const MARK = /^\(\d+\) /;

export function isKnocking() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
export function setKnocking(on) {
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // Only a habit.
  }
}

export class Knock {
  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    /** @type {Set<string>} who waited when we last looked */
    this.known = new Set();
    this.quiet = call.on("lobby", () => this.look());
  }

  stop() {
    this.quiet();
    mark(0);
  }

  look() {
    const waiting = this.call.lobby.map(({ id }) => id);
    const isNew = waiting.some((id) => !this.known.has(id));
    this.known = new Set(waiting);
    mark(waiting.length);
    if (isNew && isKnocking()) void playNotes(async () => undefined);
  }
}

/** @param {number} waiting */
function mark(waiting) {
  const title = document.title.replace(MARK, "");
  document.title = waiting ? `(${waiting}) ${title}` : title;
}
