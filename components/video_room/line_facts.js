/** What the browser's statistics say of our own line: loss both ways, round trip, room for more, and the kind of path. */

import { toldNow } from "./told_now.js";

/** @typedef {{lost: number, rtt: number, kind: string}} LineFacts thousandths, ms, as in docs/signalling.md */
/**
 * @typedef {object} Line
 * @property {number} loss share of what we send that is lost, 0..1
 * @property {number | null} room bits a second, if known
 * @property {number} unheard for how long nobody has told how the pictures that we send arrive, in ms
 * @property {boolean} measured something is connected: what is said here was measured
 */

export class Outgoing {
  constructor() {
    /** Packets received and lost when the facts were last told. */
    this.received = 0;
    this.lost = 0;
    /** Connections whose browser has told once what room there is. @type {WeakSet<RTCPeerConnection>} */
    this.telling = new WeakSet();
    /** Packets of pictures sent when it was last looked. @type {WeakMap<RTCPeerConnection, number>} */
    this.sent = new WeakMap();
  }

  /**
   * The worst of the connections that carry something.
   * @param {Map<RTCPeerConnection, RTCStatsReport>} stats
   * @returns {Line}
   */
  read(stats) {
    /** @type {Line} */
    const line = { loss: 0, room: null, unheard: 0, measured: stats.size > 0 };
    for (const [pc, report] of stats) {
      for (const { fractionLost } of toldNow(/** @type {any} */ (report))) line.loss = Math.max(line.loss, fractionLost ?? 0);
      if (this.sends(pc, report)) line.unheard = Math.max(line.unheard, unheard(report));
      const room = this.room(pc, report);
      if (room !== null) line.room = Math.min(line.room ?? Infinity, room);
    }
    return line;
  }

  /**
   * Whether pictures have left since this was last asked: what is not sent nobody reports on.
   * @param {RTCPeerConnection} pc
   * @param {RTCStatsReport} report
   */
  sends(pc, report) {
    let sent = 0;
    report.forEach((each) => {
      if (each.type === "outbound-rtp" && each.kind === "video") sent += each.packetsSent ?? 0;
    });
    const before = this.sent.get(pc) ?? sent;
    this.sent.set(pc, sent);
    return sent > before;
  }

  /**
   * Bits a second that the browser believes this connection to carry; null where it never says. Chromium leaves the
   * value out while it believes in none at all.
   * @param {RTCPeerConnection} pc
   * @param {RTCStatsReport} report
   * @returns {number | null}
   */
  room(pc, report) {
    let room = 0;
    report.forEach((each) => {
      if (each.type === "candidate-pair" && each.nominated) room = Math.max(room, each.availableOutgoingBitrate ?? 0);
    });
    if (room) this.telling.add(pc);
    return this.telling.has(pc) ? room : null;
  }

  /**
   * Share lost on the way here since this was last asked, in thousandths.
   * @param {Map<RTCPeerConnection, RTCStatsReport>} stats
   */
  lostSince(stats) {
    let [received, lost] = [0, 0];
    for (const report of stats.values()) {
      report.forEach((each) => {
        if (each.type !== "inbound-rtp") return;
        received += each.packetsReceived ?? 0;
        lost += each.packetsLost ?? 0;
      });
    }
    const more = [Math.max(0, received - this.received), Math.max(0, lost - this.lost)];
    [this.received, this.lost] = [received, lost];
    const all = more[0] + more[1];
    return all ? Math.round((1000 * more[1]) / all) : 0;
  }
}

/**
 * For how long an end that has reported on what we send has said nothing of any of it.
 * @param {RTCStatsReport} report
 * @returns {number} ms
 */
function unheard(report) {
  let [now, last] = [0, 0];
  report.forEach(({ type, timestamp }) => {
    now = Math.max(now, timestamp ?? 0);
    if (type === "remote-inbound-rtp") last = Math.max(last, timestamp ?? 0);
  });
  return last && now - last;
}

/**
 * @param {Map<RTCPeerConnection, RTCStatsReport>} stats
 * @param {Outgoing} outgoing
 * @returns {LineFacts | null} nothing is connected
 */
export function factsOf(stats, outgoing) {
  let rtt = 0;
  let kind = "";
  for (const report of stats.values()) {
    const pair = chosen(report);
    if (!pair) continue;
    rtt = Math.max(rtt, pair.currentRoundTripTime ?? 0);
    kind = kindOf(report.get(pair.localCandidateId)) || kind;
  }
  if (!stats.size) return null;
  return { lost: outgoing.lostSince(stats), rtt: Math.min(60_000, Math.round(rtt * 1000)), kind };
}

/** @param {RTCStatsReport} report */
function chosen(report) {
  /** @type {any} */
  let pair = null;
  report.forEach((each) => {
    if (each.type === "candidate-pair" && each.nominated && each.state === "succeeded") pair = each;
  });
  return pair;
}

/** @param {any} candidate ours, of the path that is used */
export function kindOf(candidate) {
  if (!candidate) return "";
  if (candidate.candidateType === "relay") {
    const over = candidate.relayProtocol ?? "udp";
    return ["udp", "tcp", "tls"].includes(over) ? `relay-${over}` : "";
  }
  return candidate.protocol === "tcp" ? "tcp" : "udp";
}
