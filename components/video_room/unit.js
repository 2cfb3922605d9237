/**
 * The topology « forwarding unit »: one connection carries everybody. Loaded when a room first needs it.
 *
 * A connection that breaks gets a new path; one that the unit has lost is replaced by a new one, while the last pictures
 * of the old one stay. Every request waits for the line to be back and is repeated until it is answered.
 */
import { Leg } from "./unit_leg.js";

/** @typedef {import("./sources.js").Source} Source */
/** @typedef {import("./unit_leg.js").Slot} Slot */
/** @typedef {import("./ways.js").Path} Path */
/**
 * @typedef {object} Surroundings
 * @property {RTCIceServer[]} iceServers
 * @property {() => import("./sources.js").Tracks} tracks
 * @property {(message: {t: string, [field: string]: any}) => boolean} send false when the line is away
 * @property {() => void} changed
 * @property {(from: string, text: string) => void} said
 */

/** Without answer for so long the request is made again. */
const ANSWER = 5000;
/** A connection that isn't there after this gets a new path, and then a successor. */
const PATIENCE = 5000;
/** A line that stutters is not broken yet. */
const STUTTER = 1500;
/** How long an old connection keeps its pictures once its successor is up: at least, and at most. */
const FADE = { least: 2000, most: 10_000 };
/** The offer that travelled inside `join`. */
const IN_JOIN = 0;

/** @returns {number} ms before the next try: not everybody at once */
const pause = () => 500 + 1500 * Math.random();

export class UnitTopology {
  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
    /** @type {Leg[]} the newest last; older ones only keep their pictures */
    this.legs = [];
    /** Ready for the next need, with its offer when it was made in the lobby. @type {Leg | null} */
    this.prepared = null;
    /** @type {{n: number, leg: Leg} | null} asked for, not answered */
    this.asked = null;
    /** @type {Leg | null} whose answer came last */
    this.awaited = null;
    /** Who sits where, heard while an answer was awaited. @type {Slot[]} */
    this.early = [];
    this.count = IN_JOIN;
    this.negotiations = 0;
    this.closed = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} the next try */
    this.retry = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.worry = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.fading = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.sparing = undefined;
  }

  /** @returns {Leg | undefined} */
  get newest() {
    return this.legs[this.legs.length - 1];
  }

  /** Make the offer now, so that entering a room costs one message. */
  async prepare() {
    if (this.legs.length || this.closed) return;
    this.warm();
    if (!this.prepared?.pending) await this.prepared?.offer();
  }

  /** Have a connection ready, not negotiated yet, for the moment when a third person comes. */
  warm() {
    if (!this.legs.length) this.prepared ??= this.leg();
  }

  /** @returns {string | undefined} the SDP that travels inside `join` */
  takeOffer() {
    // Whoever was refused, or lost the line, asks again with what was not answered.
    if (this.asked?.n === IN_JOIN) return this.asked.leg.pending;
    const leg = this.prepared;
    const sdp = leg?.pending;
    if (!leg || !sdp) return undefined;
    this.prepared = null;
    this.legs.push(leg);
    this.asked = { n: IN_JOIN, leg };
    return sdp;
  }

  /**
   * Be in the unit: ask again what was not answered, leave alone what stands.
   * @param {boolean} inJoin the request travelled inside `join`
   */
  async publish(inJoin) {
    if (inJoin && this.asked?.n === IN_JOIN) this.later(ANSWER, () => this.ask());
    else if (this.asked) this.ask();
    else if (!this.newest || this.newest.lost) await this.begin();
  }

  /** A new connection; what there is of an old one keeps its pictures for a while. */
  async begin() {
    clearTimeout(this.worry);
    const leg = this.prepared ?? this.leg();
    this.prepared = null;
    // One that never came up has nothing to keep.
    for (const old of this.legs.filter(({ answered }) => !answered)) this.drop(old);
    this.legs.push(leg);
    this.asked = { n: ++this.count, leg };
    try {
      if (!leg.pending) await leg.offer();
      this.ask();
    } catch {
      if (this.newest === leg) this.later(pause(), () => void this.begin());
    }
  }

  ask() {
    const { asked } = this;
    if (!asked || this.closed) return;
    // What came inside `join` was not answered: from here on it is a request like any other.
    if (asked.n === IN_JOIN) asked.n = ++this.count;
    const offer = asked.leg.pending;
    if (offer && this.around.send({ t: "publish", offer, n: asked.n })) this.later(ANSWER, () => this.ask());
  }

  /** Our place in the room is a new one: the unit does not know us by it. */
  replace() {
    for (const leg of this.legs) leg.lost = true;
    this.asked = null;
    clearTimeout(this.retry);
  }

  /** Nothing was asked after all: what travelled inside `join` was not needed. */
  unask() {
    const { asked } = this;
    if (asked?.n !== IN_JOIN) return;
    this.asked = null;
    this.legs = this.legs.filter((leg) => leg !== asked.leg);
    this.prepared = asked.leg;
  }

  /** @param {{n: number, answer: string, slots: Slot[]}} message */
  async published({ n, answer, slots }) {
    const { asked } = this;
    if (!asked || (n ?? IN_JOIN) !== asked.n) return;
    this.asked = null;
    clearTimeout(this.retry);
    const { leg } = asked;
    this.awaited = leg;
    // News may overtake the answer on their way here: what they know is added to it.
    leg.slots = [...new Map([...slots, ...this.early].map((slot) => [slot.mid, slot])).values()];
    this.early = [];
    try {
      await leg.accept(answer);
    } catch {
      // Mostly: the unit was begun anew, and answers with other keys.
      leg.lost = true;
      this.later(pause(), () => void this.begin());
      return;
    }
    this.around.changed();
    this.watch(leg, PATIENCE);
  }

  /** @param {Slot[]} slots who sits where now */
  sit(slots) {
    if (this.asked) this.early = slots;
    this.legs
      .filter((leg) => !leg.lost && (leg.answered || leg === this.awaited))
      .pop()
      ?.sit(slots);
  }

  /** The unit does not know us any more. */
  async unpublished() {
    if (this.newest && !this.newest.answered) return;
    for (const leg of this.legs) leg.lost = true;
    this.early = [];
    this.around.changed();
    await this.begin();
  }

  /**
   * The unit cannot be reached now.
   * @param {boolean} refused this offer will never do: the next one is new
   */
  unavailable(refused) {
    if (refused) this.asked = null;
    this.later(pause() * (refused ? 3 : 1), () => (this.asked ? this.ask() : void this.publish(false)));
    if (refused && this.newest && !this.newest.answered) this.drop(this.newest);
  }

  /**
   * How a person reaches us through the unit.
   * @param {string} id
   * @returns {Path | null}
   */
  path(id) {
    for (const leg of [...this.legs].reverse()) {
      if (!leg.answered) continue;
      const [audio, video] = [leg.place(id, "mic"), leg.place(id, "cam")];
      const [auxAudio, auxVideo] = [leg.place(id, "aux-audio"), leg.place(id, "aux-video")];
      if (!audio && !video && !auxAudio && !auxVideo) continue;
      return { id, route: "unit", state: leg.state, pc: leg.pc, audio, video, auxAudio, auxVideo };
    }
    return null;
  }

  /** @returns {boolean} connected, so that who is in the unit is really there */
  get isUp() {
    return this.newest?.answered === true && this.newest.state === "connected";
  }

  /** @returns {RTCPeerConnection | undefined} that carries what we send */
  get pc() {
    return this.newest?.pc;
  }

  get negotiated() {
    return this.legs.reduce((sum, leg) => sum + leg.negotiations, this.negotiations);
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async setTrack(source, track) {
    await Promise.allSettled([...this.legs, this.prepared].map((leg) => leg?.setTrack(source, track)));
  }

  /**
   * @param {string} text to everybody in the unit
   * @returns {boolean} it is on its way
   */
  say(text) {
    return this.newest?.say(text) ?? false;
  }

  close() {
    this.closed = true;
    for (const timer of [this.retry, this.worry, this.fading, this.sparing]) clearTimeout(timer);
    this.asked = null;
    this.prepared?.close();
    this.prepared = null;
    for (const leg of this.legs.splice(0)) leg.close();
  }

  leg() {
    return new Leg(this.around.tracks, this.around.iceServers, {
      changed: (leg) => this.moved(leg),
      said: this.around.said,
    });
  }

  /** @param {Leg} leg */
  moved(leg) {
    if (leg === this.newest && !leg.lost) {
      const { state } = leg;
      if (state === "connected") {
        clearTimeout(this.worry);
        this.fade(performance.now());
        clearTimeout(this.sparing);
        this.sparing = setTimeout(() => {
          this.prepared ??= this.leg();
        }, FADE.least);
      } else if (state === "failed") void this.restart(leg);
      else if (state === "disconnected") this.watch(leg, STUTTER);
    }
    this.around.changed();
  }

  /**
   * @param {Leg} leg
   * @param {number} patience ms; then another path, and when that does not help either, another connection
   */
  watch(leg, patience) {
    clearTimeout(this.worry);
    this.worry = setTimeout(() => {
      if (leg !== this.newest || leg.state === "connected" || this.asked) return;
      if (patience === STUTTER) void this.restart(leg);
      else void this.begin();
    }, patience);
  }

  /** @param {Leg} leg */
  async restart(leg) {
    if (this.asked || this.closed || leg !== this.newest) return;
    this.asked = { n: ++this.count, leg };
    try {
      await leg.restart();
      this.ask();
    } catch {
      this.asked = null;
      await this.begin();
    }
  }

  /** @param {number} since the successor is up */
  fade(since) {
    clearTimeout(this.fading);
    const old = this.legs.slice(0, -1);
    if (!old.length) return;
    this.fading = setTimeout(() => {
      const there = new Set(this.newest?.slots.map(({ from }) => from));
      const all = old.every(({ slots }) => slots.every(({ from }) => there.has(from)));
      if (!all && performance.now() - since < FADE.most) return this.fade(since);
      for (const leg of old) this.drop(leg);
      this.around.changed();
    }, FADE.least);
  }

  /** @param {Leg} leg */
  drop(leg) {
    this.negotiations += leg.negotiations;
    this.legs = this.legs.filter((each) => each !== leg);
    leg.close();
  }

  /**
   * @param {number} ms
   * @param {() => void} act
   */
  later(ms, act) {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => !this.closed && act(), ms);
  }
}
