/**
 * One connection with the forwarding unit, made once and never negotiated again but for a new path (ICE restart).
 *
 * The order of the media lines is the contract with the unit (app/media): microphone, camera, second sound, second
 * picture, all sendonly; then places for the others, recvonly. Who sits in which place is told by `slots`.
 */

import { keysOf, mediumOf, SOURCES } from "./sources.js";

/** @typedef {import("./sources.js").Kind} Kind */
/** @typedef {import("./sources.js").Source} Source */
/** @typedef {import("./sources.js").Tracks} Tracks */
/** @typedef {{mid: string, kind: Kind, from: string, source: "mic" | "cam" | "aux-audio" | "aux-video"}} Slot */
/**
 * @typedef {object} LegEvents
 * @property {(leg: Leg) => void} changed its connection, or who sits in it
 * @property {(from: string, text: string) => void} said somebody's words, through the unit
 */

/** A room of eight: seven voices and seven faces, and beside them two more sounds and two more pictures. */
const PLACES = { audio: 9, video: 9 };
/** The unit gives a small tile and a slow line the lower one. */
const LAYERS = [
  { rid: "l", scaleResolutionDownBy: 2, maxBitrate: 150_000 },
  { rid: "h", maxBitrate: 1_200_000 },
]
  // Every picture needs the one before: what a poor line loses is waited for and comes again, instead of being skipped.
  .map((layer) => ({ ...layer, scalabilityMode: "L1T1" }));
/** A second picture has one layer only: what is on it must be read, or be seen in detail. */
const AUX_LAYER = { maxBitrate: 1_500_000, scalabilityMode: "L1T1" };
/** Redundant sound first, so that a lost packet is not heard. Retransmission goes on the same stream: no rtx. */
const CODECS = { audio: ["audio/red", "audio/opus"], video: ["video/VP8"] };

export class Leg {
  /**
   * @param {() => Tracks} tracks what we send now
   * @param {RTCIceServer[]} iceServers
   * @param {LegEvents} events
   */
  constructor(tracks, iceServers, events) {
    this.events = events;
    this.negotiations = 0;
    /** @type {Slot[]} */
    this.slots = [];
    this.answered = false;
    /** The unit has let go of it: only its last pictures are left. */
    this.lost = false;
    /** @type {Promise<unknown>} */
    this.chain = Promise.resolve();
    this.pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.pc.onconnectionstatechange = () => events.changed(this);
    this.local = new MediaStream();
    this.localAux = new MediaStream();
    /** @type {Map<Source, RTCRtpSender>} */
    this.senders = new Map();
    /** @type {RTCDataChannel | null} */
    this.channel = null;
    void this.serial(() => this.build(tracks)).catch(() => undefined);
  }

  /**
   * Twenty-two media lines at once would stop the page, and with it the pictures it shows, for half a second.
   * @param {() => Tracks} tracks
   */
  async build(tracks) {
    for (const source of SOURCES) {
      this.senders.set(source, this.give(source, tracks()[source]));
      await breath();
    }
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      for (let place = 0; place < PLACES[kind]; place += 1) {
        await breath();
        this.add(kind, { direction: "recvonly" });
      }
    }
    this.channel = this.pc.createDataChannel("room");
    this.channel.onmessage = ({ data }) => this.heard(data);
  }

  get state() {
    return this.lost ? "disconnected" : this.pc.connectionState;
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  give(source, track) {
    const what = track ?? mediumOf(source);
    const own = source === "audio" || source === "video";
    const init = { direction: /** @type {const} */ ("sendonly"), streams: [own ? this.local : this.localAux] };
    if (mediumOf(source) === "audio") return this.add(what, init).sender;
    const layers = own ? LAYERS : [AUX_LAYER];
    try {
      return this.add(what, { ...init, sendEncodings: layers }).sender;
    } catch {
      const { maxBitrate } = layers[layers.length - 1];
      return this.add(what, { ...init, sendEncodings: [{ maxBitrate }] }).sender;
    }
  }

  /**
   * @param {MediaStreamTrack | Kind} what
   * @param {RTCRtpTransceiverInit} init
   */
  add(what, init) {
    const transceiver = this.pc.addTransceiver(what, init);
    prefer(transceiver);
    return transceiver;
  }

  /** Make the offer; candidates are not needed, the unit answers whoever knocks. */
  offer() {
    return this.serial(async () => {
      this.negotiations += 1;
      await this.pc.setLocalDescription();
    });
  }

  /** A new path for a connection that broke: same keys, same pictures. */
  restart() {
    this.pc.restartIce();
    return this.offer();
  }

  /** @returns {string | undefined} the offer that is still without answer */
  get pending() {
    return this.pc.signalingState === "have-local-offer" ? this.pc.localDescription?.sdp : undefined;
  }

  /**
   * Raises InvalidStateError when the answer is of another unit than the one we spoke with: it was begun anew.
   * @param {string} sdp
   */
  accept(sdp) {
    return this.serial(async () => {
      if (this.pc.signalingState !== "have-local-offer") return;
      const before = this.pc.remoteDescription?.sdp;
      if (before && keysOf(before) !== keysOf(sdp)) throw new DOMException("other keys", "InvalidStateError");
      await this.pc.setRemoteDescription({ type: "answer", sdp });
      this.answered = true;
    });
  }

  /** @param {Slot[]} slots */
  sit(slots) {
    this.slots = slots;
    this.events.changed(this);
  }

  /**
   * Where a person's voice or face arrives.
   * @param {string} person
   * @param {Slot["source"]} source
   */
  place(person, source) {
    const slot = this.slots.find((each) => each.from === person && each.source === source);
    return slot && this.pc.getTransceivers().find(({ mid }) => mid === slot.mid);
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  setTrack(source, track) {
    return this.serial(async () => this.senders.get(source)?.replaceTrack(track));
  }

  /**
   * @param {string} text to everybody in the unit
   * @returns {boolean} it is on its way
   */
  say(text) {
    if (this.channel?.readyState !== "open") return false;
    this.channel.send(text);
    return true;
  }

  /** @param {unknown} data */
  heard(data) {
    try {
      const { from, text } = JSON.parse(String(data));
      if (typeof from === "string" && typeof text === "string") this.events.said(from, text);
    } catch {
      // Not the unit's words.
    }
  }

  close() {
    this.pc.onconnectionstatechange = null;
    if (this.channel) this.channel.onmessage = null;
    this.pc.close();
  }

  /**
   * One change of the connection at a time.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  serial(work) {
    const done = this.chain.then(work);
    this.chain = done.catch(() => undefined);
    return done;
  }
}

/** Asking takes milliseconds. @type {Map<Kind, RTCRtpCodec[]>} */
const known = new Map();

/** Let the page do something else. */
const breath = () => new Promise((go) => setTimeout(go));

/** @param {RTCRtpTransceiver} transceiver */
function prefer(transceiver) {
  const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
  if (!known.has(kind)) {
    const all = RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [];
    known.set(
      kind,
      CODECS[kind].flatMap((name) => all.filter(({ mimeType }) => mimeType === name)),
    );
  }
  const wanted = known.get(kind);
  try {
    if (wanted?.length) transceiver.setCodecPreferences?.(wanted);
  } catch {
    // The browser's own order will do: the unit answers with what it knows.
  }
}
