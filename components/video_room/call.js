/**
 * One call: where we are in it, who else is there, what is said and sent. No element of the page is known here.
 *
 * States: `out` (lobby, device check), `waiting` (a guest in the waiting room), `joining`, `inside`, `over` (`ending`
 * says why). Emits `state`, `line`, `hello`, `rooms`, `people`, `link` {id}, `chat`, `lobby`, `invitations`, `notice`
 * {event, name}, `described` (a line has its description, or there is nobody), `problem` {message, about, key}, `self`,
 * `speaker`, `silenced`, `asked` {name}.
 *
 * What a tool needs more: `said:<t>` is a message of the server that nobody here knows (and `said:joined`, after every
 * joining); `peer:<t>` {from, …} is a word of another page (`peer_words.js`). A tool speaks by `line.send` and `line.keep`
 * to the server, by `topology.say` to the other pages, and sends pictures and sounds by `aux`.
 */
import { CallPlaces } from "./call_places.js";
import { AT_ONCE } from "./entering.js";

/** @typedef {import("./signalling.js").Message} Message */
/** @typedef {import("./signalling.js").Socket} Socket */
/** @typedef {import("./devices.js").Devices} Devices */
/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} [detail]
 * @property {string} role
 * @property {boolean} camera
 * @property {boolean} microphone
 * @property {boolean} [silenced] by a professional
 * @property {"" | "screen" | "camera"} [aux] what they show beside their face
 * @property {boolean} [auscultation] they let hear a stethoscope
 * @property {string} since ISO 8601
 * @property {boolean} [away] the server has lost them; what passes directly goes on
 */
/** @typedef {{id: string, name: string, planned: boolean, people: string[], full: boolean, unit?: boolean}} RoomState */
/** @typedef {{id: string, name: string, role: string, since: string}} Guest */
/** @typedef {{id: string, name: string, role: string, address: string, state: string, message?: string, channel?: string, expires?: string}} Invitation */
/** @typedef {{name: string, detail?: string, role: string, professional: boolean}} Me */
/** @typedef {"out" | "waiting" | "joining" | "inside" | "over"} CallState */
/** @typedef {"left" | "refused" | "removed" | "right"} Ending */

/** The unit cannot be reached, or does not take our offer; the page tries again by itself. */
const NO_UNIT = ["relais-indisponible", "relais-refus"];
/** How long the offer for the unit may hold up the entry of somebody who was just let in. */
const PREPARING = 600;

export class Call extends CallPlaces {
  /**
   * @param {() => Socket} connect
   * @param {Devices} devices
   * @param {RTCIceServer[]} iceServers
   */
  constructor(connect, devices, iceServers) {
    super(connect, devices, iceServers);
    /** @type {Ending | null} */
    this.ending = null;
    /** Why the line will be cut, when the server says it before. */
    this.farewell = "";
    /** @type {Record<string, any> | null} of a guest */
    this.appointment = null;
    this.doctor = "";
    /** @type {RoomState[]} */
    this.rooms = [];
    this.room = { id: "", name: "" };
    this.since = "";
    /** @type {Guest[]} */
    this.lobby = [];
    /** @type {Invitation[]} */
    this.invitations = [];
    this.wasOpen = false;
    /** Just entered: nobody's line is described yet. */
    this.awaitsLine = false;
    this.watching = false;
    this.told = "";
    this.quiet = devices.on("tracks", (kind) => this.retrack(kind));
    this.aux.on("changed", ({ source }) => this.retrack(source));
    this.goodbye = () => this.line.send({ t: "leave" });
    addEventListener("pagehide", this.goodbye);
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
    this.renew();
    this.move("out");
    this.line.open();
  }

  close() {
    if (this.state !== "over" && this.state !== "out") this.line.send({ t: "leave" });
    clearTimeout(this.absence);
    removeEventListener("pagehide", this.goodbye);
    this.quiet();
    this.aux.stop();
    this.topology.close();
    this.line.close();
  }

  // ---- what the server says

  /** @param {Message} message */
  hear(message) {
    Object.assign(this.iceServers, message.iceServers); // a guest's for the call; those of the page were for the check
    switch (message.t) {
      case "hello":
        return this.hello(message);
      case "rooms":
        return this.update("rooms", message.rooms);
      case "joined":
        return this.joined(message);
      case "full":
        return this.full(message);
      case "entered":
        return this.entered(message);
      case "left":
        return this.departed(message);
      case "published":
        this.waitsForUnit = false;
        return this.described(message);
      case "sdp":
        return this.described(message);
      case "ice":
      case "route":
      case "slots":
      case "unpublished":
        return this.topology.hear(message);
      case "state":
        return this.restate(message);
      case "speaker":
        this.speaker = message.id ?? null;
        return this.emit("speaker");
      case "quality":
        return void this.lines.set(message.id, message.level);
      case "asked":
        return this.emit("asked", { name: message.name });
      case "chat":
        return this.spoken(/** @type {any} */ (message));
      case "lobby":
        return this.update("lobby", message.guests);
      case "invitations":
        return this.update("invitations", message.invitations);
      case "waiting":
        return this.inWaitingRoom(message);
      case "admitted":
        return void this.admitted(message);
      case "refused":
      case "removed":
        return this.finish(message.t, message.message);
      case "error":
        return this.refusedAct(message);
      default:
        return this.emit(`said:${message.t}`, message);
    }
  }

  /** @param {Message} message how somebody's line is to be */
  described(message) {
    this.topology.hear(message);
    this.awaitsLine = false;
    this.emit("described");
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
    this.meet(others, message.resumed);
    this.lobby = message.lobby ?? [];
    this.invitations = message.invitations ?? [];
    for (const { key } of message.chat ?? []) this.line.settle(key);
    this.transcript.merge(message.chat ?? []);
    this.awaitsLine = others.length > 0 && this.state === "joining";
    setTimeout(() => (this.awaitsLine = false), AT_ONCE);
    this.topology.joined(message, others);
    if (!others.length) this.emit("described");
    this.move("inside");
    this.hush(
      message.people.find((/** @type {Person} */ { id }) => id === message.id)?.silenced ??
        message.silenced ??
        this.silenced,
    );
    this.retell();
    this.line.repeatKept();
    for (const topic of ["people", "chat", "lobby", "invitations"]) this.emit(topic);
    this.emit("said:joined", message);
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

  /** @param {import("./sources.js").Source} source */
  retrack(source) {
    void this.topology.setTrack(source, { ...this.devices.tracks, ...this.aux.tracks }[source]);
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
}
