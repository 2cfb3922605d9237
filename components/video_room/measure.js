/**
 * Measuring points of a call, for tests and benches: `window.__td.call`. Nothing here changes the call.
 */

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./sources.js").Kind} Kind */
/**
 * @typedef {object} PersonMeasure
 * @property {string} id
 * @property {string} name
 * @property {string} route
 * @property {number} framesDecoded
 * @property {number} audioLevel
 * @property {number} auxFramesDecoded
 * @property {number} auxAudioLevel
 */

export class Measures {
  constructor() {
    /** @type {Call | null} */
    this.current = null;
    this.gap = 0;
    this.shown = 0;
    this.since = 0;
    /** When each person's tile last showed a picture, whichever way it came. @type {Map<string, number>} */
    this.last = new Map();
    this.firstSeen = false;
  }

  /** @param {Call | null} call */
  follow(call) {
    this.current = call;
    this.firstSeen = false;
    this.last.clear();
    this.resetGap();
  }

  /**
   * A tile really shows a picture.
   * @param {string} id whose
   * @param {number} now ms
   */
  frame(id, now) {
    if (!this.firstSeen) {
      this.firstSeen = true;
      performance.mark("td:first-frame");
    }
    const last = this.last.get(id) ?? 0;
    if (last && last >= this.since) this.gap = Math.max(this.gap, now - last);
    this.last.set(id, now);
    this.shown += 1;
  }

  /** @param {string} id whose picture is missing on purpose: a closed camera, or they left */
  rest(id) {
    this.last.delete(id);
  }

  resetGap() {
    this.gap = 0;
    this.shown = 0;
    this.since = performance.now();
  }

  /** Longest time between two shown pictures of one tile since `resetGap`, in ms, also across a change of route. */
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

  /** @returns {Promise<number>} pictures of ours sent so far, over all layers */
  framesSent() {
    return this.sum("outbound-rtp", "video", "framesSent");
  }

  /** @returns {Promise<number>} loudest voice received now, 0..1 */
  async audioLevel() {
    return Math.max(0, ...(await this.collect("inbound-rtp", "audio", "audioLevel")));
  }

  /** @returns {string} direct or unit */
  route() {
    return this.current?.topology.route ?? "";
  }

  /** @returns {Promise<PersonMeasure[]>} what arrives of each other person, by the way that is played now */
  async perPerson() {
    const { current } = this;
    return Promise.all(
      [...(current?.people.values() ?? [])].map(async ({ id, name }) => {
        const way = current?.topology.current(id);
        const [framesDecoded, audioLevel, auxFramesDecoded, auxAudioLevel] = await Promise.all([
          inbound(way?.video, "framesDecoded"),
          inbound(way?.audio, "audioLevel"),
          inbound(current?.topology.aux(id, "auxVideo"), "framesDecoded"),
          inbound(current?.topology.aux(id, "auxAudio"), "audioLevel"),
        ]);
        return { id, name, route: way?.route ?? "", framesDecoded, audioLevel, auxFramesDecoded, auxAudioLevel };
      }),
    );
  }

  /** How many descriptions were made: it stays where it is while a call is left alone. */
  negotiations() {
    return this.current?.topology.negotiated ?? 0;
  }

  /** @returns {string[]} of the way to each other person */
  connectionStates() {
    const { current } = this;
    return [...(current?.people.keys() ?? [])].map((id) => current?.topology.current(id)?.state ?? "new");
  }

  /** @returns {number} connections that are open, the old way of a change included */
  connections() {
    return this.current?.topology.connections.length ?? 0;
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
    for (const pc of this.current?.topology.connections ?? []) {
      (await pc.getStats()).forEach((each) => {
        if (each.type === type && each.kind === kind) values.push(each[field] ?? 0);
      });
    }
    return values;
  }
}

/**
 * @param {RTCRtpTransceiver | undefined} transceiver
 * @param {string} field
 */
async function inbound(transceiver, field) {
  let value = 0;
  (await transceiver?.receiver.getStats())?.forEach((each) => {
    if (each.type === "inbound-rtp") value = each[field] ?? 0;
  });
  return value;
}
