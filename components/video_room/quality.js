/**
 * How good each line is and who speaks. Once a second from the statistics of the browser; voices five times a second.
 */

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./link.js").Link} Link */
/** @typedef {{lost: number, received: number, frames: number}} Sample */

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
   */
  constructor(call, listener) {
    this.call = call;
    this.listener = listener;
    /** @type {Map<string, Sample>} */
    this.before = new Map();
    this.slow = setInterval(() => void this.look(), 1000);
    this.fast = setInterval(() => this.hear(), 200);
  }

  stop() {
    clearInterval(this.slow);
    clearInterval(this.fast);
  }

  async look() {
    const outgoing = [];
    for (const [id, link] of this.call.topology.links) {
      if (link.state !== "connected") {
        this.listener.level(id, CUT);
        outgoing.push(CUT);
        continue;
      }
      const { incoming, sent } = await this.measure(id, link);
      this.listener.level(id, incoming);
      outgoing.push(sent);
    }
    this.listener.level("", outgoing.length ? Math.min(...outgoing) : GOOD);
  }

  /**
   * @param {string} id
   * @param {Link} link
   */
  async measure(id, link) {
    const now = { lost: 0, received: 0, frames: 0 };
    let roundTrip = 0;
    let sentLoss = 0;
    (await link.pc.getStats()).forEach((each) => {
      if (each.type === "inbound-rtp") {
        now.lost += each.packetsLost ?? 0;
        now.received += each.packetsReceived ?? 0;
      } else if (each.type === "candidate-pair" && each.nominated) roundTrip = each.currentRoundTripTime ?? 0;
      else if (each.type === "remote-inbound-rtp") sentLoss = Math.max(sentLoss, each.fractionLost ?? 0);
    });
    const before = this.before.get(id) ?? now;
    this.before.set(id, now);
    const lost = Math.max(0, now.lost - before.lost);
    const received = Math.max(0, now.received - before.received);
    const loss = lost + received ? lost / (lost + received) : 0;
    return { incoming: levelOf(loss, roundTrip), sent: levelOf(sentLoss, roundTrip) };
  }

  hear() {
    for (const [id, link] of this.call.topology.links) {
      const receiver = link.pc.getReceivers().find(({ track }) => track.kind === "audio");
      const level = receiver?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
      this.listener.voice(id, level > SPEAKING && this.call.people.get(id)?.microphone !== false);
    }
  }
}
