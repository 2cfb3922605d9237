/**
 * How many lines of the room's discussion one has not read; kept over a reload of the page, in this tab only: the next
 * person at this computer has marks of their own.
 */

/** @typedef {import("./call.js").Call} Call */

export class Unread {
  /**
   * @param {Call} call
   * @param {() => void} changed
   */
  constructor(call, changed) {
    this.call = call;
    this.changed = changed;
    this.watched = false;
    this.count = 0;
    this.stop = call.on("chat", () => this.draw());
  }

  /** @returns {string} where the mark is kept: a link's secret has no business there */
  get place() {
    return `td-read-${window.__td?.room?.dossier || "guest"}`;
  }

  /** @param {boolean} watched the discussion is on the screen */
  watch(watched) {
    this.watched = watched;
    this.draw();
  }

  draw() {
    const others = this.call.transcript.lines.filter(({ mine, event }) => !mine && !event);
    if (this.watched) remember(this.place, others.at(-1)?.at ?? "");
    const mark = remembered(this.place);
    const count = this.watched ? 0 : others.filter(({ at }) => at > mark).length;
    if (count === this.count) return;
    this.count = count;
    this.changed();
  }
}

/** @param {string} place */
function remembered(place) {
  try {
    return sessionStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} place
 * @param {string} at
 */
function remember(place, at) {
  try {
    if (at) sessionStorage.setItem(place, at);
  } catch {
    // Without a store the marks begin anew with the page.
  }
}
