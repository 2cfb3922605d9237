/**
 * How pictures and voices travel: directly between two browsers, or through the forwarding unit. `Call` speaks to this
 * alone. A change of route makes the new way before it breaks the old one: each tile goes over by itself when the new way
 * really shows something (`player.js` tells it here), both sides say « seen » to each other, and only then the old way is
 * closed.
 */
import { Ways } from "./ways.js";

/** @typedef {import("./call.js").Person} Person */
/** @typedef {import("./signalling.js").Message} Message */
/** @typedef {import("./ways.js").Route} Route */
/** @typedef {import("./ways.js").Surroundings} Surroundings */

const TICK = 250;
/** When a call of two has settled, the unit is made ready. */
const SETTLED = 3000;
/** A direct path that is not up after this brings the unit; one that was up gets time to come back. */
const DIRECT = { first: 4000, again: 8000 };
/** After both sides see each other on the new way, so that the slower tile of the two has gone over as well. */
const AFTERGLOW = 1000;
/** The other one may have no channel to say that they see us. */
const UNTOLD = 12_000;

export class Topology extends Ways {
  /** @param {Surroundings} around */
  constructor(around) {
    super(around);
    this.me = "";
    this.toUnit = false;
    /** @type {Map<string, {since: number, was: boolean, said: boolean}>} direct paths that are not up */
    this.missing = new Map();
    this.complete = 0;
    this.begun = 0;
    this.spoken = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.clock = undefined;
  }

  // ---- entering

  /** Everything that can be done before the person decides to enter. */
  async prepare() {
    await this.peers.prepare();
  }

  /** The room that is chosen in the lobby is on the unit. */
  async expectUnit() {
    const unit = await this.load();
    await unit?.prepare().catch(() => undefined);
  }

  async warm() {
    const unit = await this.load();
    if (this.route === "direct") unit?.warm();
  }

  /**
   * What travels inside `join`.
   * @param {boolean} [unit] the room is on the unit; else as the last time: the line was lost on the way
   * @returns {{offer?: string, publish?: string}}
   */
  takeOffer(unit = this.toUnit) {
    this.toUnit = unit;
    const publish = unit ? this.unit?.takeOffer() : undefined;
    return publish ? { publish } : { offer: this.peers.takeOffer() };
  }

  /**
   * We are in. With `resumed` it is our old place, and what lives is left alone.
   * @param {Message} message
   * @param {Person[]} people the others
   */
  joined(message, people) {
    const isNew = this.me !== message.id;
    this.me = message.id;
    this.route = message.route === "unit" ? "unit" : "direct";
    this.clock ??= setInterval(() => this.tick(), TICK);
    this.begin();
    if (this.route === "direct") {
      this.unit?.unask();
      this.peers.joined(people, message.resumed);
      return;
    }
    if (!message.resumed) this.peers.leaveAll();
    else this.peers.dropPrepared();
    if (isNew && this.unit?.newest && this.unit.asked?.n !== 0) this.unit.replace();
    void this.publish(!message.resumed);
  }

  /** @param {boolean} [inJoin] */
  async publish(inJoin = false) {
    const unit = await this.load();
    if (this.closed || this.route !== "unit") return;
    if (unit) await unit.publish(inJoin);
    else setTimeout(() => void this.publish(), AFTERGLOW);
  }

  /**
   * @param {string} id
   * @param {string | undefined} offer
   * @param {boolean} resumed
   * @returns {Promise<void>} what they asked for is on its way
   */
  async entered(id, offer, resumed) {
    if (this.route === "direct" || this.peers.links.has(id)) await this.peers.entered(id, offer, resumed);
  }

  /** @param {string} id */
  left(id) {
    for (const kept of [this.played, this.told, this.missing]) kept.delete(id);
    this.words.forget(id);
    this.peers.left(id);
  }

  // ---- what the server says

  /** @param {Message} message */
  hear(message) {
    if (message.t === "route") this.turn(message.route);
    else if (message.t === "published") void this.unit?.published(/** @type {any} */ (message));
    else if (message.t === "slots") this.unit?.sit(message.slots);
    else if (message.t === "unpublished") void this.unit?.unpublished();
    else if (this.route === "direct" || this.peers.links.get(message.from)?.isAlive) void this.peers.signal(message);
  }

  /** @param {Route} route */
  turn(route) {
    if (route === this.route) return;
    this.route = route;
    this.begin();
    if (route === "unit") {
      for (const link of this.peers.links.values()) void link.ease();
      void this.publish();
    } else {
      const [other] = this.around.people().keys();
      // Only one side calls: of the two ids, the smaller.
      const lives = other && this.peers.links.get(other)?.isAlive;
      if (other && !lives && this.me < other) void this.peers.call(other, false);
    }
    this.around.changed(null);
  }

  /** New paths for what carries the call: the network changed under it. */
  renew() {
    if (this.route === "direct") this.peers.renewPaths();
    else if (this.unit?.newest) void this.unit.restart(this.unit.newest);
  }

  /**
   * The server could not reach the unit.
   * @param {boolean} refused it could, and the unit did not take our offer
   */
  unavailable(refused) {
    this.unit?.unavailable(refused);
  }

  close() {
    clearInterval(this.clock);
    super.close();
  }

  // ---- going over

  begin() {
    this.begun = performance.now();
    this.complete = 0;
    this.missing.clear();
  }

  tick() {
    const now = performance.now();
    if (this.route === "direct") this.watchDirect(now);
    else this.missing.clear();
    if (this.route === "direct" && this.peers.links.size === 1 && now - this.begun > SETTLED) void this.warm();
    const old = this.route === "unit" ? this.peers.links.size > 0 : this.unit !== null && this.unit.legs.length > 0;
    if (!old) return;
    if (!this.around.lineIsOpen()) this.complete = 0;
    else this.finish(now);
  }

  /** @param {number} now */
  finish(now) {
    const two = this.route === "unit" ? [...this.peers.links.keys()] : [...this.around.people().keys()];
    if (!two.every((id) => this.sees(id))) {
      this.complete = 0;
      return;
    }
    if (now - this.spoken > AFTERGLOW / 2) {
      this.spoken = now;
      this.say({ t: "seen", route: this.route });
    }
    this.complete ||= now;
    const agreed = two.every((id) => this.told.get(id) === this.route);
    if (now - this.complete < (agreed ? AFTERGLOW : UNTOLD)) return;
    if (this.route === "unit") this.peers.leaveAll();
    else if (this.around.send({ t: "unpublish" })) this.dropUnit();
    this.around.changed(null);
  }

  /**
   * Whether a person is really played by the way of the route; who sends nothing needs only be connected.
   * @param {string} id
   */
  sees(id) {
    const way = this.route === "unit" ? this.unit?.path(id) : this.peers.path(id);
    const person = this.around.people().get(id);
    if (!way || way.state !== "connected" || !person) return !person;
    const playing = this.played.get(id);
    const seen = !person.camera || (way.video && playing?.video === way.video.receiver.track);
    const heard = !person.microphone || person.silenced || (way.audio && playing?.audio === way.audio.receiver.track);
    return Boolean(seen && heard);
  }

  /** @param {number} now bring the unit when a direct path does not come up; a line that is away stops the clock */
  watchDirect(now) {
    for (const [id, link] of this.peers.links) {
      const known = this.missing.get(id) ?? { since: now, was: false, said: false };
      if (link.state === "connected") this.missing.set(id, { since: now, was: true, said: false });
      else if (!this.around.lineIsOpen()) this.missing.set(id, { ...known, since: now });
      else {
        const late = now - known.since > (known.was ? DIRECT.again : DIRECT.first);
        this.missing.set(id, { ...known, said: known.said || (late && this.around.send({ t: "blocked", to: id })) });
      }
    }
  }
}
