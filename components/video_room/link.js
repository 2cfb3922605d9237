/**
 * One peer connection with one other participant.
 *
 * Whoever enters a room calls; who is inside answers, and only the caller ever offers again: when both sides may, some
 * calls end without media. The caller's offer can be made long before the call (`offer`, then `take`): candidates
 * found before it is taken travel inside it, later ones follow one by one.
 *
 * The first offer is for microphone and camera alone: what more there is (a second picture and sound, words between the
 * pages) is asked for a moment later by the same caller, so that nobody waits for it before the first picture.
 */

import { AUX_SOURCES, keysOf, linesOf, mediumOf, OWN_SOURCES, wholeBand } from "./sources.js";

/** @typedef {import("./sources.js").Kind} Kind */
/** @typedef {import("./sources.js").Source} Source */
/** @typedef {import("./sources.js").Tracks} Tracks */
/**
 * @typedef {object} LinkEvents
 * @property {(message: {t: "sdp" | "ice", [field: string]: any}) => void} send to the other participant
 * @property {(link: Link) => void} changed its connection or its tracks
 * @property {(peer: string, text: string) => void} said words of the other page
 */

/** Bits a second. Enough for 640 x 480 at 30 pictures a second, and for a screen that can be read. */
const MOST = { video: 1_200_000, "aux-video": 1_500_000 };
/** The data channel is agreed on beforehand, so that it needs no message of its own. */
const CHANNEL = { negotiated: true, id: 0 };
/** Of the size of the picture, while another way is being made. */
const EASED = 2;
/** A line that stutters is not broken yet. */
const PATIENCE = 4000;
/** Between two new paths that somebody asks for. */
const RENEWAL = 3000;
/** From the connection until the rest is asked for, in ms: by then a first picture is there. */
const SETTLED = 1000;

export class Link {
  /**
   * @param {"caller" | "answerer"} side
   * @param {Tracks} tracks
   * @param {RTCIceServer[]} iceServers
   * @param {LinkEvents} events
   */
  constructor(side, tracks, iceServers, events) {
    this.side = side;
    this.events = events;
    /** What we send; an answerer's aux is put in once there is an offer. */
    this.tracks = { ...tracks };
    /** The transceiver of each source. @type {Map<Source, RTCRtpTransceiver>} */
    this.lines = new Map();
    /** @type {string | null} the other participant, once known */
    this.peer = null;
    this.remote = new MediaStream();
    this.local = new MediaStream();
    this.localAux = new MediaStream();
    this.negotiations = 0;
    this.renewed = -RENEWAL;
    this.taken = false;
    /** @type {RTCIceCandidateInit[]} ours, not sent yet */
    this.late = [];
    /** @type {(RTCIceCandidateInit | null)[]} theirs, before their description */
    this.early = [];
    /** @type {Promise<unknown>} */
    this.chain = Promise.resolve();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.worry = undefined;
    this.pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.pc.ontrack = ({ track }) => {
      this.remote.addTrack(track);
      track.onmute = track.onunmute = () => this.events.changed(this);
      this.events.changed(this);
    };
    this.pc.onicecandidate = ({ candidate }) => this.found(candidate);
    this.pc.onconnectionstatechange = () => this.moved();
    /** @type {RTCDataChannel | null} */
    this.channel = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.extension = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.closing = undefined;
    for (const source of OWN_SOURCES) this.addSource(source);
  }

  get state() {
    return this.pc.connectionState;
  }

  get isAlive() {
    return this.state !== "failed" && this.state !== "closed";
  }

  /**
   * The caller offers each source even without a device, so that a camera can be opened later without a new offer.
   * The answerer must use `addTrack`: a transceiver made before the offer arrives is not matched to it. Its aux waits for
   * the offer: without a microphone it would be matched to the line of the microphone.
   * @param {Source} source
   */
  addSource(source) {
    const track = this.tracks[source];
    if (this.side === "answerer") {
      if (track && !isAux(source)) this.addTrack(source, track);
      return;
    }
    const medium = mediumOf(source);
    const streams = [isAux(source) ? this.localAux : this.local];
    const encodings =
      source === "video" || source === "aux-video" ? { sendEncodings: [{ maxBitrate: MOST[source] }] } : {};
    const transceiver = this.pc.addTransceiver(track ?? medium, { direction: "sendrecv", streams, ...encodings });
    if (medium === "video") preferVp8(transceiver);
    this.lines.set(source, transceiver);
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack} track
   */
  addTrack(source, track) {
    const sender = this.pc.addTrack(track, this.local);
    const transceiver = this.pc.getTransceivers().find((each) => each.sender === sender);
    if (transceiver) this.lines.set(source, transceiver);
  }

  /** Ask for the rest, once; not counted as a negotiation, because no call is without it. */
  async extend() {
    if (this.side !== "caller" || this.channel || !this.pc.remoteDescription || !this.isAlive) return;
    this.openChannel();
    for (const source of AUX_SOURCES) this.addSource(source);
    this.negotiations -= 1;
    await this.offer().catch(() => undefined);
    this.sendOffer();
  }

  openChannel() {
    this.channel = this.pc.createDataChannel("room", CHANNEL);
    this.channel.onmessage = ({ data }) => {
      if (this.peer && typeof data === "string") this.events.said(this.peer, data);
    };
  }

  /** Make the offer and let its candidates gather. */
  offer() {
    return this.serial(async () => {
      this.negotiations += 1;
      this.taken = false;
      this.late = [];
      await this.pc.setLocalDescription();
    });
  }

  /** The offer as it is now, for the `join` message; candidates found from here on follow by themselves. */
  take() {
    const description = this.pc.localDescription;
    if (!description || description.type !== "offer") return undefined;
    this.taken = true;
    return wholeBand(description.sdp);
  }

  /**
   * From now on this link is with `peer`.
   * @param {string} peer
   */
  meet(peer) {
    this.peer = peer;
    for (const candidate of this.late.splice(0)) this.events.send({ t: "ice", to: peer, candidate });
  }

  /** Send the offer that is still without answer; also what is repeated when the line comes back. */
  sendOffer() {
    if (this.pc.signalingState !== "have-local-offer" || !this.peer) return;
    const sdp = this.take();
    if (sdp) this.events.send({ t: "sdp", to: this.peer, description: { type: "offer", sdp } });
  }

  /** @param {string} sdp */
  answer(sdp) {
    return this.serial(async () => {
      const rest = !this.channel && /^m=application /m.test(sdp);
      if (!rest) this.negotiations += 1;
      await this.pc.setRemoteDescription({ type: "offer", sdp });
      if (rest) this.openChannel();
      await this.takeLines(sdp);
      await this.pc.setLocalDescription();
      this.taken = true;
      const description = { type: "answer", sdp: wholeBand(this.pc.localDescription?.sdp ?? "") };
      if (this.peer) this.events.send({ t: "sdp", to: this.peer, description });
      await this.addEarly();
    });
  }

  /**
   * Of an offer, every line is answered with what we send, or may send later.
   * @param {string} sdp
   */
  async takeLines(sdp) {
    const transceivers = this.pc.getTransceivers();
    for (const [source, mid] of linesOf(sdp)) {
      const transceiver = transceivers.find((each) => each.mid === mid);
      if (!transceiver) continue;
      this.lines.set(source, transceiver);
      if (transceiver.direction === "recvonly") transceiver.direction = "sendrecv";
      const track = this.tracks[source];
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
    }
  }

  /** @param {string} sdp */
  accept(sdp) {
    return this.serial(async () => {
      if (this.pc.signalingState !== "have-local-offer") return;
      await this.pc.setRemoteDescription({ type: "answer", sdp });
      await this.addEarly();
    });
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  candidate(candidate) {
    return this.serial(async () => {
      this.early.push(candidate);
      if (this.pc.remoteDescription) await this.addEarly();
    });
  }

  /**
   * @param {string} sdp
   * @returns {boolean} it comes from another connection than the one we spoke with: they began anew
   */
  isOther(sdp) {
    const known = this.pc.remoteDescription?.sdp;
    return known !== undefined && keysOf(known) !== keysOf(sdp);
  }

  /** A new path although nothing is known to be broken: a network changed. Not again and again. */
  async renew() {
    const now = performance.now();
    if (now - this.renewed < RENEWAL || !this.pc.remoteDescription) return;
    this.renewed = now;
    await this.restart().catch(() => undefined);
  }

  /** A new path for a link that broke: same devices, same pictures, new addresses. */
  async restart() {
    if (this.side !== "caller" || this.pc.signalingState === "closed") return;
    this.pc.restartIce();
    await this.offer();
    this.sendOffer();
  }

  /**
   * Put a track in, or take it out, without a new offer.
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  setTrack(source, track) {
    return this.serial(async () => {
      this.tracks[source] = track;
      const transceiver = this.lines.get(source);
      if (transceiver) await transceiver.sender.replaceTrack(track);
      else if (track && isAux(source)) void this.extend();
      else if (track && !this.pc.remoteDescription) this.addTrack(source, track);
    });
  }

  /**
   * Where something of the other participant arrives.
   * @param {Source} source
   */
  arriving(source) {
    const transceiver = this.lines.get(source);
    return transceiver && this.remote.getTracks().includes(transceiver.receiver.track) ? transceiver : undefined;
  }

  /**
   * @param {string} text to the other page
   * @returns {boolean} it is on its way
   */
  say(text) {
    if (this.channel?.readyState !== "open") return false;
    this.channel.send(text);
    return true;
  }

  /** Cost less: for a moment the same picture is encoded for the next way too. */
  ease() {
    return this.serial(async () => {
      for (const sender of this.pc.getSenders()) {
        if (sender.track?.kind !== "video") continue;
        const parameters = sender.getParameters();
        for (const encoding of parameters.encodings) encoding.scaleResolutionDownBy = EASED;
        await sender.setParameters(parameters);
      }
    }).catch(() => undefined);
  }

  /** @param {number} [later] ms until the browser closes it, which stops the page for 20 ms */
  close(later = 0) {
    clearTimeout(this.worry);
    clearTimeout(this.extension);
    this.pc.onconnectionstatechange = this.pc.ontrack = this.pc.onicecandidate = null;
    if (this.channel) this.channel.onmessage = null;
    clearTimeout(this.closing);
    if (later) this.closing = setTimeout(() => this.pc.close(), later);
    else this.pc.close();
    for (const track of this.remote.getTracks()) this.remote.removeTrack(track);
  }

  /** @param {RTCIceCandidate | null} candidate */
  found(candidate) {
    if (!this.taken || !candidate) return;
    const words = candidate.toJSON();
    if (this.peer) this.events.send({ t: "ice", to: this.peer, candidate: words });
    else this.late.push(words);
  }

  moved() {
    clearTimeout(this.worry);
    if (this.state === "connected") this.extension ??= setTimeout(() => void this.extend(), SETTLED);
    if (this.state === "failed") void this.restart();
    if (this.state === "disconnected") {
      this.worry = setTimeout(() => this.state === "disconnected" && void this.restart(), PATIENCE);
    }
    this.events.changed(this);
  }

  async addEarly() {
    for (const candidate of this.early.splice(0)) {
      try {
        await this.pc.addIceCandidate(candidate ?? undefined);
      } catch {
        // A candidate of an older description: the newer ones carry the call.
      }
    }
  }

  /**
   * One change of the connection at a time, in the order they came.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  serial(work) {
    const done = this.chain.then(() => {
      if (this.pc.signalingState === "closed") throw new DOMException("closed", "InvalidStateError");
      return work();
    });
    this.chain = done.catch(() => undefined);
    return done;
  }
}

/** @param {Source} source */
function isAux(source) {
  return AUX_SOURCES.some((each) => each === source);
}

/**
 * VP8 is the one picture codec that every browser has.
 * @param {RTCRtpTransceiver} transceiver
 */
function preferVp8(transceiver) {
  const all = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const first = all.filter(({ mimeType }) => mimeType === "video/VP8");
  if (!first.length || !transceiver.setCodecPreferences) return;
  const repair = all.filter(({ mimeType }) => mimeType === "video/rtx");
  const fallBack = all.filter(({ mimeType }) => mimeType === "video/H264");
  try {
    transceiver.setCodecPreferences([...first, ...repair, ...fallBack]);
  } catch {
    // The browser's own order will do.
  }
}
