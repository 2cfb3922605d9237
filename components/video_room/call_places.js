/**
 * Who has a place in the call: coming, leaving, missing for a moment, and losing our own place. `Call` hears the server
 * and hands this on.
 */
import { Aux } from "./aux.js";
import { CallActs } from "./call_acts.js";
import { Topology } from "./topology.js";

/** @typedef {import("./call.js").CallState} CallState */
/** @typedef {import("./call.js").Person} Person */
/** @typedef {import("./signalling.js").Message} Message */
/** @typedef {import("./signalling.js").Socket} Socket */
/** @typedef {import("./devices.js").Devices} Devices */

/** How long drawing somebody who enters waits for our answer to them, in ms. */
const ANSWERING = 150;
/** How long somebody may be missing after the line came back. */
const ABSENCE = 10_000;

export class CallPlaces extends CallActs {
  /**
   * @param {() => Socket} connect
   * @param {Devices} devices
   * @param {RTCIceServer[]} iceServers
   */
  constructor(connect, devices, iceServers) {
    super(connect, devices);
    this.iceServers = iceServers;
    /** @type {CallState} */
    this.state = "out";
    this.message = "";
    this.id = "";
    this.proof = "";
    /** @type {Map<string, Person>} the others */
    this.people = new Map();
    /** @type {string | null} who speaks, as the unit hears it */
    this.speaker = null;
    /** How good the lines of people are, as the unit sees them. @type {Map<string, number>} */
    this.lines = new Map();
    /** The unit did not answer last time. */
    this.waitsForUnit = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.absence = undefined;
    /** What we send beside face and voice. */
    this.aux = new Aux();
    this.topology = this.newTopology();
  }

  newTopology() {
    return new Topology({
      iceServers: this.iceServers,
      tracks: () => ({ ...this.devices.tracks, ...this.aux.tracks }),
      people: () => this.people,
      send: (message) => this.line.send(message),
      lineIsOpen: () => this.line.isOpen,
      changed: (id) => this.emit("link", id),
      said: (from, word) => this.emit(`peer:${word.t}`, { ...word, from }),
    });
  }

  /** @returns {{media: boolean, page: boolean}} keys are in the offer we enter with; the page itself came encrypted */
  get secrecy() {
    const sdp = this.topology.peers.prepared?.pc.localDescription?.sdp ?? "";
    return { media: /^a=fingerprint:/m.test(sdp) && /SAVPF/.test(sdp), page: globalThis.location?.protocol === "https:" };
  }

  /** What the others are told of what we send. */
  sending() {
    return { ...super.sending(), ...this.aux.words };
  }

  /**
   * @param {Person[]} others who is inside
   * @param {boolean} resumed it is our old place: whom the server does not know yet, and who still arrives, is kept
   */
  meet(others, resumed) {
    const present = new Set(others.map(({ id }) => id));
    const before = resumed ? [...this.people.values()] : [];
    const missing = before.filter(({ id }) => !present.has(id) && this.topology.carries(id));
    this.people = new Map([...missing, ...others].map((person) => [person.id, person]));
    this.watchMissing(missing);
  }

  /** @param {Person[]} missing whom the server did not know when the line came back; their media still came */
  watchMissing(missing) {
    clearTimeout(this.absence);
    if (!missing.length) return;
    this.absence = setTimeout(() => {
      const still = missing.filter((person) => this.people.get(person.id) === person);
      for (const { id, name, away } of still) {
        if (away && !this.topology.isDirect(id)) this.departed({ t: "left", id, name });
        else if (!this.topology.carries(id)) this.people.delete(id);
      }
      this.watchMissing(still.filter(({ id, away }) => away && this.people.has(id)));
      this.emit("people");
    }, ABSENCE);
  }

  /** @param {Message} message */
  full(message) {
    this.message = message.message ?? "";
    if (this.id) this.vacate();
    else void this.topology.prepare();
    this.move("out");
    this.emit("problem", { about: "full", message: this.message });
  }

  /** @param {Message} message */
  entered(message) {
    const known = this.people.has(message.person.id);
    this.people.set(message.person.id, message.person);
    const answered = this.topology.entered(message.person.id, message.offer, message.resumed);
    // Their offer is answered first, then the page is drawn: the path is being made meanwhile.
    void Promise.race([answered, new Promise((go) => setTimeout(go, ANSWERING))]).then(() => {
      if (this.people.get(message.person.id) !== message.person) return;
      if (!known) this.note("entered", message.person.name);
      this.emit("people");
    });
  }

  /** @param {Message} message */
  departed(message) {
    const known = this.people.get(message.id);
    if (known && message.reason === "line" && this.topology.isDirect(message.id)) {
      // Only their line to the server is gone: what passes directly goes on, until it ends by itself.
      known.away = true;
      this.watchMissing([...this.people.values()].filter(({ away }) => away));
      this.emit("people");
      return;
    }
    this.people.delete(message.id);
    this.topology.left(message.id);
    if (known) this.note("left", known.name);
    this.emit("people");
  }

  /** @param {Message} message */
  restate(message) {
    if (message.from === this.id) return this.hush(message.silenced === true);
    const person = this.people.get(message.from);
    if (!person) return;
    person.camera = message.camera;
    person.microphone = message.microphone;
    person.silenced = message.silenced === true;
    person.aux = message.aux ?? "";
    person.auscultation = message.auscultation === true;
    this.emit("people");
  }

  /** The network is another one: the line is tried, and what carries the call looks for a new path at once. */
  renewWays() {
    this.line.doubt();
    this.topology.renew();
  }

  renew() {
    this.topology.close();
    this.topology = this.newTopology();
  }

  /** Our place went while the line was down: what is left of the call ends here. */
  vacate() {
    this.forget();
    this.topology = this.newTopology();
    void this.topology.prepare();
  }

  /** Of the call that ends, nothing is kept for the next one. */
  forget() {
    clearTimeout(this.absence);
    this.id = this.proof = "";
    this.people.clear();
    this.lines.clear();
    this.speaker = null;
    this.silenced = this.waitsForUnit = false;
    this.spares = false;
    this.aux.stop();
    this.topology.close();
  }

  /** @param {CallState} state */
  move(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("state", state);
  }
}
