/**
 * One call: where we are in it, who else is there, what is said and sent. No element of the page is known here.
 *
 * States: `out` (lobby, device check), `waiting` (a guest in the waiting room), `joining`, `inside`, `over` (`ending`
 * says why). Emits `state`, `line`, `hello`, `rooms`, `people`, `link` {id}, `chat`, `lobby`, `invitations`, `notice`
 * {event, name}, `problem` {message, about, key}, `self`, `speaker`, `silenced`, `asked` {name}.
 */
import { CallActs } from "./call_acts.js";
import { Topology } from "./topology.js";

/** @typedef {import("./signalling.js").Message} Message */
/** @typedef {import("./signalling.js").Socket} Socket */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {{id: string, name: string, detail?: string, role: string, camera: boolean, microphone: boolean, silenced?: boolean, since: string}} Person */
/** @typedef {{id: string, name: string, planned: boolean, people: string[], full: boolean, unit?: boolean}} RoomState */
/** @typedef {{id: string, name: string, role: string, since: string}} Guest */
/** @typedef {{id: string, name: string, role: string, address: string, state: string, message?: string}} Invitation */
/** @typedef {{name: string, detail?: string, role: string, professional: boolean}} Me */
/** @typedef {"out" | "waiting" | "joining" | "inside" | "over"} CallState */
/** @typedef {"left" | "refused" | "removed" | "right"} Ending */

/** The unit cannot be reached, or does not take our offer; the page tries again by itself. */
const NO_UNIT = ["relais-indisponible", "relais-refus"];
/** How long the offer for the unit may hold up the entry of somebody who was just let in. */
const PREPARING = 600;
/** How long drawing somebody who enters waits for our answer to them, in ms. */
const ANSWERING = 150;
/** How long somebody may be missing after the line came back. */
const ABSENCE = 10_000;

export class Call extends CallActs {
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
    /** @type {Ending | null} */
    this.ending = null;
    this.message = "";
    /** Why the line will be cut, when the server says it before. */
    this.farewell = "";
    /** @type {Record<string, any> | null} of a guest */
    this.appointment = null;
    this.doctor = "";
    /** @type {RoomState[]} */
    this.rooms = [];
    this.room = { id: "", name: "" };
    this.id = "";
    this.proof = "";
    this.since = "";
    /** @type {Map<string, Person>} the others */
    this.people = new Map();
    /** @type {Guest[]} */
    this.lobby = [];
    /** @type {Invitation[]} */
    this.invitations = [];
    /** @type {string | null} who speaks, as the unit hears it */
    this.speaker = null;
    /** How good the lines of people are, as the unit sees them. @type {Map<string, number>} */
    this.lines = new Map();
    /** The unit did not answer last time. */
    this.waitsForUnit = false;
    this.wasOpen = false;
    this.watching = false;
    this.told = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.absence = undefined;
    this.topology = this.newTopology();
    this.quiet = devices.on("tracks", (kind) => this.retrack(kind));
    this.goodbye = () => this.line.send({ t: "leave" });
    addEventListener("pagehide", this.goodbye);
  }

  newTopology() {
    return new Topology({
      iceServers: this.iceServers,
      tracks: () => this.devices.tracks,
      people: () => this.people,
      send: (message) => this.line.send(message),
      lineIsOpen: () => this.line.isOpen,
      changed: (id) => this.emit("link", id),
    });
  }

  /** Everything that can be done before the person decides to enter. */
  async prepare() {
    if (this.state === "out" || this.state === "waiting") await this.topology.prepare();
  }

  /**
   * The room that is chosen in the lobby, now and each time its state changes.
   * @param {string} room
   */
  expect(room) {
    if (this.state === "out" && this.isOnUnit(room)) void this.topology.expectUnit();
  }

  /** @param {string} room */
  isOnUnit(room) {
    return this.rooms.find(({ id }) => id === room)?.unit === true;
  }

  watchRooms() {
    this.watching = true;
    this.line.send({ t: "rooms" });
  }

  /** @param {string} room */
  join(room) {
    performance.mark("td:join-click");
    this.room = { id: room, name: this.rooms.find(({ id }) => id === room)?.name ?? "" };
    this.move("joining");
    this.sendJoin(this.isOnUnit(room));
  }

  /**
   * Let in, as a guest.
   * @param {Message} message
   */
  async admitted(message) {
    if (message.unit) await Promise.race([this.topology.expectUnit(), new Promise((go) => setTimeout(go, PREPARING))]);
    if (this.state !== "waiting" && this.state !== "out") return;
    performance.mark("td:join-click");
    this.room = { id: String(message.room), name: "" };
    this.move("joining");
    this.sendJoin(message.unit === true);
  }

  wait() {
    this.move("waiting");
    this.line.send({ t: "wait", ...this.sending() });
  }

  /** Out of the room, or of the waiting room. */
  leave() {
    this.line.send({ t: "leave" });
    this.finish("left");
  }

  /** Back to the beginning after an end. */
  again() {
    this.ending = null;
    this.message = "";
    this.topology.close();
    this.topology = this.newTopology();
    this.move("out");
    this.line.open();
  }

  close() {
    if (this.state !== "over" && this.state !== "out") this.line.send({ t: "leave" });
    clearTimeout(this.absence);
    removeEventListener("pagehide", this.goodbye);
    this.quiet();
    this.topology.close();
    this.line.close();
  }

  // ---- what the server says

  /** @param {Message} message */
  hear(message) {
    switch (message.t) {
      case "hello": return this.hello(message);
      case "rooms": return this.update("rooms", message.rooms);
      case "joined": return this.joined(message);
      case "full": return this.full(message);
      case "entered": return this.entered(message);
      case "left": return this.departed(message);
      case "published":
        this.waitsForUnit = false;
        return this.topology.hear(message);
      case "sdp":
      case "ice":
      case "route":
      case "slots":
      case "unpublished": return this.topology.hear(message);
      case "state": return this.restate(message);
      case "speaker":
        this.speaker = message.id ?? null;
        return this.emit("speaker");
      case "quality": return void this.lines.set(message.id, message.level);
      case "asked": return this.emit("asked", { name: message.name });
      case "chat": return this.spoken(/** @type {any} */ (message));
      case "lobby": return this.update("lobby", message.guests);
      case "invitations": return this.update("invitations", message.invitations);
      case "waiting": return this.inWaitingRoom(message);
      case "admitted": return void this.admitted(message);
      case "refused":
      case "removed": return this.finish(message.t, message.message);
      case "error": return this.refusedAct(message);
    }
  }

  lineEnded() {
    if (this.state !== "over") this.finish("right", this.farewell);
  }

  lineUp() {
    if (this.watching) this.line.send({ t: "rooms" });
    if (this.state === "waiting") this.line.send({ t: "wait", ...this.sending() });
    if (this.state === "joining" || this.state === "inside") this.sendJoin();
    this.emit("line");
    this.wasOpen = true;
  }

  /** @param {boolean} [unit] the room is on the unit; else as the last time */
  sendJoin(unit) {
    const words = { t: "join", room: this.room.id, ...this.sending() };
    if (this.id) this.line.send({ ...words, resume: { id: this.id, proof: this.proof } });
    else this.line.send({ ...words, ...this.topology.takeOffer(unit) });
    this.told = JSON.stringify(this.sending());
  }

  /** @param {Message} message */
  hello(message) {
    this.me = message.me;
    this.appointment = message.appointment ?? this.appointment;
    if (message.rooms) this.update("rooms", message.rooms);
    this.emit("hello");
  }

  /** @param {Message} message */
  joined(message) {
    if (this.state !== "joining" && this.state !== "inside") return;
    this.id = message.id;
    this.proof = message.proof;
    this.room = message.room;
    this.since = message.since;
    /** @type {Person[]} */
    const others = message.people.filter((/** @type {Person} */ person) => person.id !== message.id);
    const present = new Set(others.map(({ id }) => id));
    const missing = message.resumed ? [...this.people.values()].filter(({ id }) => !present.has(id) && this.topology.carries(id)) : [];
    this.people = new Map([...missing, ...others].map((person) => [person.id, person]));
    this.watchMissing(missing);
    this.lobby = message.lobby ?? [];
    this.invitations = message.invitations ?? [];
    for (const { key } of message.chat ?? []) this.line.settle(key);
    this.transcript.merge(message.chat ?? []);
    this.topology.joined(message, others);
    this.move("inside");
    this.hush(message.people.find((/** @type {Person} */ { id }) => id === message.id)?.silenced ?? message.silenced ?? this.silenced);
    this.retell();
    this.line.repeatKept();
    for (const topic of ["people", "chat", "lobby", "invitations"]) this.emit(topic);
  }

  /** @param {Person[]} missing whom the server did not know when the line came back; their media still came */
  watchMissing(missing) {
    clearTimeout(this.absence);
    if (!missing.length) return;
    const since = new Map(missing.map((person) => [person.id, person]));
    this.absence = setTimeout(() => {
      for (const [id, person] of since) if (this.people.get(id) === person && !this.topology.carries(id)) this.people.delete(id);
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
      if (!known && !message.resumed) this.note("entered", message.person.name);
      this.emit("people");
    });
  }

  /** @param {Message} message */
  departed(message) {
    const known = this.people.get(message.id);
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
    this.emit("people");
  }

  /** @param {Message} message */
  inWaitingRoom(message) {
    this.doctor = message.doctor ?? this.doctor;
    if (this.id) this.vacate();
    if (this.state !== "waiting") this.move("waiting");
    this.emit("self");
  }

  /** @param {Message} message */
  refusedAct(message) {
    if (message.about !== "join" && NO_UNIT.includes(message.code)) {
      this.waitsForUnit = true;
      this.topology.unavailable(message.code === NO_UNIT[1]);
      this.emit("line");
      return;
    }
    if (message.about === "hello") this.farewell = message.message;
    if (message.key) {
      this.line.settle(message.key);
      this.transcript.fail(message.key, message.message);
      this.emit("chat");
    }
    if (message.about === "join" && this.state === "joining") {
      void this.topology.prepare();
      this.move("out");
    }
    this.emit("problem", message);
  }

  // ---- inside

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
    this.topology.close();
  }

  /** @param {import("./link.js").Kind} kind */
  retrack(kind) {
    void this.topology.setTrack(kind, this.devices.tracks[kind]);
    this.retell();
    this.emit("self");
  }

  /** Tell the others what we send, once. */
  retell() {
    const now = JSON.stringify(this.sending());
    if (this.state !== "inside" || now === this.told) return;
    if (this.line.send({ t: "state", ...this.sending() })) this.told = now;
  }

  /**
   * @param {"rooms" | "lobby" | "invitations"} topic
   * @param {any[]} value
   */
  update(topic, value) {
    if (topic === "invitations") this.settleInvitations(value);
    this[topic] = value ?? [];
    this.emit(topic);
  }

  /**
   * @param {Ending} ending
   * @param {string} [message]
   */
  finish(ending, message = "") {
    this.ending = ending;
    this.message = message;
    this.forget();
    this.lobby = [];
    this.line.close();
    this.move("over");
  }

  /** @param {CallState} state */
  move(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("state", state);
  }
}
