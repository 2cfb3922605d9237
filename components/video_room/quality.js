/**
 * How good each line is and who speaks. Once a second from the statistics of the browser; voices five times a second.
 * Through the unit, a person's line is as good as its worse half: theirs, which the unit tells, or ours.
 */
import { toldNow } from "./told_now.js";

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./ways.js").Path} Path */
/** @typedef {{lost: number, received: number}} Sample */
/** @typedef {{byMid: Map<string, Sample>, sentLoss: number, roundTrip: number, stats: RTCStatsReport}} Report */

export const CUT = 0;
export const GOOD = 3;
const SPEAKING = 0.02;

/**
 * 3 good, 2 middling, 1 poor.
 * @param {number} loss share of packets that did not arrive, 0..1
 * @param {number} roundTrip in seconds
 */
export function levelOf(loss, roundTrip) {
  if (loss > 0.08 || roundTrip > 0.7) return 1;
  return loss > 0.03 || roundTrip > 0.35 ? 2 : GOOD;
}

export class Quality {
  /**
   * @param {Call} call
   * @param {{level: (id: string, level: number) => void, voice: (id: string, speaks: boolean) => void}} listener
   *   `id` is `""` for what the others get from us
   * @param {{words: import("./words.js").Words, notes: import("./notes.js").Notes}} [say] where a poor line is told
   */
  constructor(call, listener, say) {
    this.call = call;
    this.listener = listener;
    this.stopped = false;
    /** @type {import("./care.js").Care | null} */
    this.care = null;
    if (say) void this.load(say.words, say.notes);
    /** @type {Map<string, Sample>} */
    this.before = new Map();
    this.slow = setInterval(() => void this.look(), 1000);
    this.fast = setInterval(() => this.hear(), 200);
  }

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./notes.js").Notes} notes
   */
  async load(words, notes) {
    const { Care } = await import("./care.js");
    if (!this.stopped) this.care = new Care(this.call, words, notes);
  }

  stop() {
    this.stopped = true;
    this.care?.stop();
    clearInterval(this.slow);
    clearInterval(this.fast);
  }

  async look() {
    const { people, topology, lines } = this.call;
    const ways = new Map([...people.keys()].map((id) => [id, topology.current(id)]));
    /** @type {Map<RTCPeerConnection, Report>} */
    const reports = new Map();
    for (const way of ways.values())
      if (way?.state === "connected" && !reports.has(way.pc)) reports.set(way.pc, await report(way.pc));
    if (this.stopped) return;
    const outgoing = [];
    /** @type {Map<string, number>} */
    const levels = new Map();
    for (const [id, way] of ways) {
      const known = way && reports.get(way.pc);
      const own = known ? levelOf(this.loss(id, way, known), known.roundTrip) : CUT;
      levels.set(id, own);
      this.listener.level(id, way?.route === "unit" ? Math.min(own, lines.get(id) ?? GOOD) : own);
      outgoing.push(known ? levelOf(known.sentLoss, known.roundTrip) : CUT);
    }
    if (topology.route === "unit") outgoing.push(lines.get(this.call.id) ?? GOOD);
    const ours = outgoing.length ? Math.min(...outgoing) : GOOD;
    this.listener.level("", ours);
    const stats = new Map([...reports].map(([pc, { stats }]) => [pc, stats]));
    this.care?.look({ stats, levels, own: ours });
  }

  /**
   * Share of a person's packets that did not arrive since the last look.
   * @param {string} id
   * @param {Path} way
   * @param {Report} known
   */
  loss(id, way, known) {
    const now = { lost: 0, received: 0 };
    for (const mid of [way.audio?.mid, way.video?.mid]) {
      const sample = mid ? known.byMid.get(mid) : undefined;
      now.lost += sample?.lost ?? 0;
      now.received += sample?.received ?? 0;
    }
    const before = this.before.get(id) ?? now;
    this.before.set(id, now);
    const lost = Math.max(0, now.lost - before.lost);
    const received = Math.max(0, now.received - before.received);
    return lost + received ? lost / (lost + received) : 0;
  }

  hear() {
    const { people, topology, speaker } = this.call;
    for (const [id, person] of people) {
      this.listener.voice(
        id,
        person.microphone && (topology.route === "unit" ? speaker === id : speaksNow(topology.current(id))),
      );
    }
  }
}

/**
 * @param {RTCPeerConnection} pc
 * @returns {Promise<Report>}
 */
async function report(pc) {
  /** @type {Report} */
  const found = { byMid: new Map(), sentLoss: 0, roundTrip: 0, stats: await pc.getStats() };
  found.stats.forEach((each) => {
    if (each.type === "inbound-rtp")
      found.byMid.set(each.mid, { lost: each.packetsLost ?? 0, received: each.packetsReceived ?? 0 });
    else if (each.type === "candidate-pair" && each.nominated) found.roundTrip = each.currentRoundTripTime ?? 0;
  });
  for (const { fractionLost } of toldNow(found.stats)) found.sentLoss = Math.max(found.sentLoss, fractionLost ?? 0);
  return found;
}

/** @param {Path | null} way */
function speaksNow(way) {
  const level = way?.audio?.receiver.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  return level > SPEAKING;
}
