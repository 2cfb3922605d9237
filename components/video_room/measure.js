/**
 * Measuring points of a call, for tests and benches: `window.__td.call`. Nothing here changes the call.
 */

/** @typedef {import("./call.js").Call} Call */

export class Measures {
  constructor() {
    /** @type {Call | null} */
    this.current = null;
    this.gap = 0;
    this.shown = 0;
    /** @type {WeakSet<HTMLVideoElement>} */
    this.watched = new WeakSet();
    this.firstSeen = false;
  }

  /** @param {Call | null} call */
  follow(call) {
    this.current = call;
    this.firstSeen = false;
    this.resetGap();
  }

  /**
   * Note each picture that a remote video really shows.
   * @param {HTMLVideoElement} video
   */
  watch(video) {
    if (this.watched.has(video) || !video.requestVideoFrameCallback) return;
    this.watched.add(video);
    let last = 0;
    /** @param {number} now */
    const seen = (now) => {
      if (!this.firstSeen) {
        this.firstSeen = true;
        performance.mark("td:first-frame");
      }
      if (last && last >= this.since) this.gap = Math.max(this.gap, now - last);
      last = now;
      this.shown += 1;
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }

  since = 0;

  resetGap() {
    this.gap = 0;
    this.shown = 0;
    this.since = performance.now();
  }

  /** Longest time between two shown pictures since `resetGap`, in ms. */
  longestGap() {
    return this.gap;
  }

  framesShown() {
    return this.shown;
  }

  /** From the click on « Rejoindre » to the first remote picture, in ms; null before it. */
  joinTime() {
    const click = performance.getEntriesByName("td:join-click").pop();
    const frame = performance.getEntriesByName("td:first-frame").pop();
    return click && frame && frame.startTime > click.startTime ? frame.startTime - click.startTime : null;
  }

  /** @returns {Promise<number>} pictures of the others decoded so far */
  framesDecoded() {
    return this.sum("inbound-rtp", "video", "framesDecoded");
  }

  /** @returns {Promise<number>} pictures of ours sent so far */
  framesSent() {
    return this.sum("outbound-rtp", "video", "framesSent");
  }

  /** @returns {Promise<number>} loudest voice received now, 0..1 */
  async audioLevel() {
    return Math.max(0, ...(await this.collect("inbound-rtp", "audio", "audioLevel")));
  }

  /** How many descriptions were made: it stays where it is while a call is left alone. */
  negotiations() {
    return this.current?.topology.negotiated ?? 0;
  }

  /** @returns {string[]} */
  connectionStates() {
    return [...(this.current?.topology.links.values() ?? [])].map(({ state }) => state);
  }

  /** How often the line to the server was opened. */
  lineOpened() {
    return this.current?.line.opened ?? 0;
  }

  lineIsOpen() {
    return this.current?.line.isOpen ?? false;
  }

  /**
   * @param {string} type
   * @param {string} kind
   * @param {string} field
   */
  async sum(type, kind, field) {
    return (await this.collect(type, kind, field)).reduce((sum, value) => sum + value, 0);
  }

  /**
   * @param {string} type
   * @param {string} kind
   * @param {string} field
   * @returns {Promise<number[]>}
   */
  async collect(type, kind, field) {
    /** @type {number[]} */
    const values = [];
    for (const link of this.current?.topology.links.values() ?? []) {
      (await link.pc.getStats()).forEach((each) => {
        if (each.type === type && each.kind === kind) values.push(each[field] ?? 0);
      });
    }
    return values;
  }
}
