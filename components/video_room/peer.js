/**
 * The topology « peer to peer »: a link with each other participant, nothing in between. `Topology` decides when it is
 * used, and when the forwarding unit takes over.
 */
import { Link } from "./link.js";
import { SOURCES } from "./sources.js";

/** @typedef {import("./sources.js").Source} Source */
/** @typedef {import("./sources.js").Tracks} Tracks */
/** @typedef {import("./call.js").Person} Person */
/**
 * @typedef {object} Surroundings
 * @property {RTCIceServer[]} iceServers
 * @property {() => Tracks} tracks what we send now
 * @property {(message: {t: string, [field: string]: any}) => void} send
 * @property {(id: string | null) => void} changed the link with this participant
 * @property {(id: string, text: string) => void} said words of this participant
 */

/** After this a prepared offer is made anew: addresses and relay passes grow old. */
const OFFER_LIFE = 120_000;
/** How long somebody may be missing after the line came back before a link without media is dropped. */
const ABSENCE = 8000;
/** Somebody who comes back may have kept their link and call us; after this we call them. */
const RETURNING = 1500;
/** For so long after a change of network the line may have swallowed what was asked for, in ms. */
const SWALLOWED = 15_000;
/** What is not needed is closed when the first picture has come, in ms: closing stops the page for 20. */
const UNHURRIED = 2000;

export class PeerTopology {
  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
    /** @type {Map<string, Link>} */
    this.byId = new Map();
    /** @type {Link | null} with its offer made, waiting for somebody to call */
    this.prepared = null;
    /** @type {Link | null} ready to answer whoever enters */
    this.spare = null;
    /** @type {Link | null} closed in a moment */
    this.unneeded = null;
    this.offered = false;
    this.closed = false;
    this.negotiations = 0;
    /** @type {Set<string>} whose place the server does not know since the line came back */
    this.absent = new Set();
    /** When new paths were asked for. */
    this.asked = -SWALLOWED;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.renewal = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.absence = undefined;
  }

  /** Make the offer now, so that entering a room costs one message. */
  async prepare() {
    this.offered = false;
    clearInterval(this.renewal);
    this.renewal = setInterval(() => void this.renew(), OFFER_LIFE);
    await this.renew();
  }

  async renew() {
    const fresh = this.link("caller");
    await fresh.offer();
    if (this.offered || this.closed) {
      fresh.close();
      return;
    }
    this.prepared?.close();
    this.prepared = fresh;
    const now = this.around.tracks();
    for (const source of SOURCES) await fresh.setTrack(source, now[source]).catch(() => undefined);
  }

  /** The SDP that travels inside `join`. */
  takeOffer() {
    clearInterval(this.renewal);
    const sdp = this.prepared?.take();
    this.offered = sdp !== undefined;
    return sdp;
  }

  /**
   * We are in: call everybody who is there and whom we do not speak with yet.
   * @param {Person[]} people the others
   * @param {boolean} resumed our old place, with its living links
   */
  joined(people, resumed) {
    clearInterval(this.renewal);
    if (!resumed) for (const id of [...this.byId.keys()]) this.left(id);
    // The server hands the offer of `join` on only when it is clear to whom.
    const handedOn = this.offered && people.length === 1;
    for (const { id } of people) {
      const known = this.byId.get(id);
      if (known?.isAlive) known.sendOffer();
      else void this.call(id, handedOn);
    }
    this.dropPrepared();
    if (!this.byId.size) this.spare ??= this.link("answerer");
    this.watchAbsent(new Set(people.map(({ id }) => id)));
    if (resumed && performance.now() - this.asked < SWALLOWED) this.askAgain();
  }

  /**
   * @param {string} id
   * @param {boolean} handedOn they have our prepared offer already
   */
  async call(id, handedOn) {
    this.left(id);
    const ready = this.prepared;
    const link = ready ?? this.link("caller");
    this.prepared = null;
    this.byId.set(id, link);
    link.meet(id);
    if (ready && handedOn) return;
    if (!ready) await link.offer().catch(() => undefined);
    link.sendOffer();
  }

  /**
   * Somebody came. A living link is left alone: they only lost their line for a moment.
   * @param {string} id
   * @param {string | undefined} offer
   * @param {boolean} resumed
   */
  async entered(id, offer, resumed) {
    this.absent.delete(id);
    if (resumed && this.byId.get(id)?.isAlive) {
      this.byId.get(id)?.sendOffer();
      return;
    }
    if (offer) await this.answer(id, offer);
    else if (resumed) setTimeout(() => !this.closed && !this.byId.get(id)?.isAlive && void this.call(id, false), RETURNING);
  }

  /**
   * @param {string} id
   * @param {string} sdp
   */
  async answer(id, sdp) {
    this.left(id);
    const link = this.spare ?? this.link("answerer");
    this.spare = null;
    this.byId.set(id, link);
    link.meet(id);
    await link.answer(sdp).catch(() => undefined);
  }

  /** @param {string} id */
  left(id) {
    const link = this.byId.get(id);
    if (!link) return;
    this.negotiations += link.negotiations;
    link.close();
    this.byId.delete(id);
    this.around.changed(id);
  }

  /**
   * A relayed `sdp` or `ice`.
   * @param {{t: string, [field: string]: any}} message
   */
  async signal(message) {
    const id = String(message.from);
    const link = this.byId.get(id);
    if (message.t === "ice" && !message.candidate && link?.side === "caller") {
      await link.renew();
      return;
    }
    if (message.t === "ice") {
      await link?.candidate(message.candidate ?? null).catch(() => undefined);
      return;
    }
    const { type, sdp } = message.description ?? {};
    if (type === "answer") await link?.accept(sdp).catch(() => undefined);
    else if (type === "offer" && link?.isOther(sdp)) await this.answer(id, sdp);
    else if (type === "offer" && !(link?.side === "caller" && link.isAlive)) {
      // Their next path for the same link; when it does not fit, they began anew.
      const fits = link?.isAlive || link?.state === "failed" ? link.answer(sdp) : Promise.reject(new Error("no link"));
      await fits.catch(() => this.answer(id, sdp));
    }
  }

  /** Our network changed. Only a caller offers: an answerer asks for it (`ice` without a candidate). */
  renewPaths() {
    this.asked = performance.now();
    for (const link of this.byId.values()) if (link.side === "caller") void link.renew();
    this.askAgain();
  }

  /** Of the callers; our own offers are repeated by themselves. */
  askAgain() {
    for (const [id, link] of this.byId) if (link.side === "answerer") this.around.send({ t: "ice", to: id, candidate: null });
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async setTrack(source, track) {
    const all = [...this.byId.values(), this.prepared, this.spare];
    await Promise.allSettled(all.map((link) => link?.setTrack(source, track)));
  }

  /**
   * @param {string} text to everybody with whom we speak directly
   * @returns {boolean} somebody gets it
   */
  say(text) {
    return [...this.byId.values()].map((link) => link.say(text)).includes(true);
  }

  /**
   * How a person reaches us directly.
   * @param {string} id
   * @returns {import("./ways.js").Path | null}
   */
  path(id) {
    const link = this.byId.get(id);
    if (!link) return null;
    const [audio, video, auxAudio, auxVideo] = SOURCES.map((source) => link.arriving(source));
    return { id, route: "direct", state: link.state, pc: link.pc, audio, video, auxAudio, auxVideo };
  }

  /** Nobody is spoken with directly any more. */
  leaveAll() {
    clearTimeout(this.absence);
    clearInterval(this.renewal);
    this.dropPrepared();
    for (const id of [...this.byId.keys()]) this.left(id);
  }

  /** @returns {ReadonlyMap<string, Link>} */
  get links() {
    return this.byId;
  }

  /** How often descriptions were made, over all links: a call that is left alone does not move it. */
  get negotiated() {
    return [...this.byId.values()].reduce((sum, link) => sum + link.negotiations, this.negotiations);
  }

  close() {
    this.closed = true;
    clearInterval(this.renewal);
    clearTimeout(this.absence);
    this.dropPrepared();
    this.unneeded?.close();
    this.spare?.close();
    this.spare = null;
    for (const id of [...this.byId.keys()]) this.left(id);
  }

  /** The first picture is on its way when it turns out not to be needed. */
  dropPrepared() {
    this.prepared?.close(UNHURRIED);
    this.unneeded = this.prepared ?? this.unneeded;
    this.prepared = null;
    this.offered = false;
  }

  /** @param {Set<string>} present */
  watchAbsent(present) {
    clearTimeout(this.absence);
    this.absent = new Set([...this.byId.keys()].filter((id) => !present.has(id)));
    this.absence = setTimeout(() => {
      for (const id of this.absent) if (this.byId.get(id)?.state !== "connected") this.left(id);
    }, ABSENCE);
  }

  /** @param {"caller" | "answerer"} side */
  link(side) {
    const tracks = this.around.tracks();
    return new Link(side, tracks, this.around.iceServers, {
      send: this.around.send,
      changed: (link) => this.around.changed(link.peer),
      said: this.around.said,
    });
  }
}
