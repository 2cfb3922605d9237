/**
 * The ways by which pictures and voices travel: directly between two browsers, through the forwarding unit, or for a moment
 * both. What each brings of whom, and words to everybody by all of them. `Topology` decides which one is taken.
 */
import { PeerTopology } from "./peer.js";
import { PeerWords } from "./peer_words.js";

/** @typedef {import("./sources.js").Kind} Kind */
/** @typedef {import("./sources.js").Source} Source */
/** @typedef {import("./call.js").Person} Person */
/** @typedef {import("./unit.js").UnitTopology} UnitTopology */
/** @typedef {"direct" | "unit"} Route */
/**
 * The way by which a person's voice and picture arrive.
 * @typedef {object} Path
 * @property {string} id
 * @property {Route} route
 * @property {RTCPeerConnectionState} state
 * @property {RTCPeerConnection} pc
 * @property {RTCRtpTransceiver} [audio]
 * @property {RTCRtpTransceiver} [video]
 * @property {RTCRtpTransceiver} [auxAudio]
 * @property {RTCRtpTransceiver} [auxVideo]
 */
/**
 * @typedef {object} Surroundings
 * @property {RTCIceServer[]} iceServers
 * @property {() => import("./sources.js").Tracks} tracks what we send now
 * @property {() => ReadonlyMap<string, Person>} people the others
 * @property {(message: {t: string, [field: string]: any}) => boolean} send false when the line is away
 * @property {() => boolean} lineIsOpen
 * @property {(id: string | null) => void} changed the way to this participant, or to all
 * @property {(from: string, word: import("./peer_words.js").PeerWord) => void} said a word of another page
 */

export class Ways {
  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
    /** @type {Route} */
    this.route = "direct";
    this.words = new PeerWords();
    this.peers = new PeerTopology({
      iceServers: around.iceServers,
      tracks: around.tracks,
      send: (message) => void around.send(message),
      changed: around.changed,
      said: (id, text) => this.said(id, text),
    });
    /** @type {UnitTopology | null} */
    this.unit = null;
    /** @type {Promise<UnitTopology | null> | null} */
    this.loading = null;
    this.negotiations = 0;
    this.closed = false;
    /** What each tile really plays. @type {Map<string, Record<Kind, MediaStreamTrack | null>>} */
    this.played = new Map();
    /** By which route the others say that they see everybody. @type {Map<string, Route>} */
    this.told = new Map();
  }

  // ---- who is seen, and by which way

  /**
   * The way whose media are to be played: that of the route, as soon as it brings something.
   * @param {string} id
   * @returns {Path | null}
   */
  path(id) {
    const [unit, direct] = [this.unit?.path(id), this.peers.path(id)];
    const [first, second] = this.route === "unit" ? [unit, direct] : [direct, unit];
    const brings = first && (first.audio || first.video || first.auxAudio || first.auxVideo);
    return brings ? first : (second ?? first ?? null);
  }

  /**
   * Where a second picture or sound of a person arrives: by the way of the route, or until that brings it by the other.
   * @param {string} id
   * @param {"auxAudio" | "auxVideo"} name
   * @returns {RTCRtpTransceiver | undefined}
   */
  aux(id, name) {
    const [unit, direct] = [this.unit?.path(id), this.peers.path(id)];
    return this.route === "unit" ? (unit?.[name] ?? direct?.[name]) : (direct?.[name] ?? unit?.[name]);
  }

  /**
   * The way that is played now.
   * @param {string} id
   * @returns {Path | null}
   */
  current(id) {
    const playing = this.played.get(id);
    const ways = [this.peers.path(id), this.unit?.path(id)];
    return (
      ways.find((way) => way?.video && way.video.receiver.track === playing?.video) ??
      ways.find((way) => way?.audio && way.audio.receiver.track === playing?.audio) ??
      this.path(id)
    );
  }

  /**
   * A tile says what it really plays from here on.
   * @param {string} id
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   */
  plays(id, kind, track) {
    const playing = this.played.get(id) ?? { audio: null, video: null };
    this.played.set(id, { ...playing, [kind]: track });
  }

  /** @returns {RTCPeerConnection[]} all that carry something now */
  get connections() {
    const ours = [...this.peers.links.values()].map(({ pc }) => pc);
    return [...ours, ...(this.unit?.legs.map(({ pc }) => pc) ?? [])];
  }

  /** @returns {boolean} what carries the call is broken, and is being mended */
  get isBroken() {
    const { unit } = this;
    if (this.route === "unit") {
      if (!unit?.newest || unit.isUp) return false;
      return unit.legs.some(({ lost, state }) => lost || state === "disconnected" || state === "failed");
    }
    return [...this.peers.links.values()].some(({ state }) => state === "disconnected" || state === "failed");
  }

  /**
   * @param {string} id
   * @returns {boolean} something of this person still arrives
   */
  carries(id) {
    return this.peers.links.get(id)?.isAlive === true || this.unit?.path(id) != null;
  }

  /**
   * @param {string} id
   * @returns {boolean} a direct path with this person lives, or stutters
   */
  isDirect(id) {
    const state = this.peers.links.get(id)?.state;
    return state === "connected" || state === "disconnected";
  }

  /** How often descriptions were made: a call that is left alone does not move it. */
  get negotiated() {
    return this.peers.negotiated + this.negotiations + (this.unit?.negotiated ?? 0);
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async setTrack(source, track) {
    await Promise.allSettled([this.peers.setTrack(source, track), this.unit?.setTrack(source, track)]);
  }

  /**
   * What carries a source of ours, that of the route first.
   * @param {Source} source
   * @returns {RTCRtpSender[]}
   */
  senders(source) {
    const unit = this.unit?.newest?.senders.get(source);
    const direct = [...this.peers.links.values()].map((link) => link.lines.get(source)?.sender);
    return (this.route === "unit" ? [unit, ...direct] : [...direct, unit]).filter((each) => each !== undefined);
  }

  // ---- words between the pages

  /**
   * To every other page, by every way that is open.
   * @param {{t: string, [field: string]: any}} word one of `peer_words.js`
   * @returns {boolean} false: no way is open, or too many were said just now
   */
  say(word) {
    const text = this.words.write(word, performance.now());
    if (text === null) return false;
    return [this.peers.say(text), this.unit?.say(text) ?? false].includes(true);
  }

  /**
   * @param {string} from
   * @param {string} text
   */
  said(from, text) {
    const word = this.around.people().has(from) && this.words.read(from, text, performance.now());
    if (!word) return;
    if (word.t === "seen") this.told.set(from, word.route);
    this.around.said(from, word);
  }

  close() {
    this.closed = true;
    this.peers.close();
    this.dropUnit();
  }

  // ---- the unit's side, when it is needed

  /** @returns {Promise<UnitTopology | null>} null when its module could not be fetched now */
  load() {
    if (this.unit) return Promise.resolve(this.unit);
    this.loading ??= import("./unit.js")
      .then(({ UnitTopology }) => {
        if (this.closed) return null;
        return (this.unit = new UnitTopology({
          iceServers: this.around.iceServers,
          tracks: this.around.tracks,
          send: this.around.send,
          changed: () => this.around.changed(null),
          said: (from, text) => this.said(from, text),
        }));
      })
      .catch(() => null)
      .finally(() => {
        this.loading = null;
      });
    return this.loading;
  }

  dropUnit() {
    this.negotiations += this.unit?.negotiated ?? 0;
    this.unit?.close();
    this.unit = null;
    this.told.clear();
  }
}
