/**
 * One call: where we are in it, who else is there, what is said and sent. No element of the page is known here.
 *
 * States: `out` (lobby, device check), `waiting` (a guest in the waiting room), `joining`, `inside`, `over` (`ending`
 * says why). Emits `state`, `line`, `hello`, `rooms`, `people`, `link` {id}, `chat`, `lobby`, `invitations`, `notice`
 * {event, name}, `problem` {message, about, key}, `self`.
 */
import { Emitter } from "./emitter.js";
import { PeerTopology } from "./peer.js";
import { Signalling } from "./signalling.js";
import { newKey, Transcript } from "./transcript.js";

/** @typedef {import("./signalling.js").Message} Message */
/** @typedef {import("./signalling.js").Socket} Socket */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {{id: string, name: string, detail?: string, role: string, camera: boolean, microphone: boolean, since: string}} Person */
/** @typedef {{id: string, name: string, planned: boolean, people: string[], full: boolean}} RoomState */
/** @typedef {{id: string, name: string, role: string, since: string}} Guest */
/** @typedef {{id: string, name: string, role: string, address: string, state: string, message?: string}} Invitation */
/** @typedef {import("./transcript.js").Line} Line */
/** @typedef {{name: string, detail?: string, role: string, professional: boolean}} Me */
/** @typedef {"out" | "waiting" | "joining" | "inside" | "over"} CallState */
/** @typedef {"left" | "refused" | "removed" | "right"} Ending */

export class Call extends Emitter {
  /**
   * @param {() => Socket} connect
   * @param {Devices} devices
   * @param {RTCIceServer[]} iceServers
   */
  constructor(connect, devices, iceServers) {
    super();
    this.devices = devices;
    this.iceServers = iceServers;
    this.line = new Signalling(connect, {
      message: (message) => this.hear(message),
      up: () => this.lineUp(),
      down: () => this.emit("line"),
      ended: () => this.state !== "over" && this.finish("right", this.farewell),
    });
    /** @type {CallState} */
    this.state = "out";
    /** @type {Ending | null} */
    this.ending = null;
    this.message = "";
    /** Why the line will be cut, when the server says it before. */
    this.farewell = "";
    /** @type {Me | null} */
    this.me = null;
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
    this.transcript = new Transcript();
    /** @type {Guest[]} */
    this.lobby = [];
    /** @type {Invitation[]} */
    this.invitations = [];
    this.wasOpen = false;
    this.watching = false;
    this.told = "";
    this.topology = this.newTopology();
    this.quiet = devices.on("tracks", (kind) => this.retrack(kind));
    this.goodbye = () => this.line.send({ t: "leave" });
    addEventListener("pagehide", this.goodbye);
  }

  newTopology() {
    return new PeerTopology({
      iceServers: this.iceServers,
      tracks: () => this.devices.tracks,
      send: (message) => void this.line.send(message),
      changed: (id) => this.emit("link", id),
    });
  }

  /** Everything that can be done before the person decides to enter. */
  async prepare() {
    if (this.state === "out" || this.state === "waiting") await this.topology.prepare();
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
    this.sendJoin();
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
    removeEventListener("pagehide", this.goodbye);
    this.quiet();
    this.topology.close();
    this.line.close();
  }

  /** @param {string} text */
  say(text) {
    const key = newKey();
    this.transcript.write(key, this.me?.name ?? "", text);
    this.line.keep({ t: "chat", text, key });
    this.emit("chat");
  }

  /** @param {string} guest */
  admit(guest) {
    this.line.send({ t: "admit", guest });
  }

  /** @param {string} guest */
  refuse(guest) {
    this.line.send({ t: "refuse", guest });
  }

  /**
   * @param {{channel: string, address: string, name: string, role: string}} invitation
   * @returns {string} key under which an error may come back
   */
  invite(invitation) {
    const key = newKey();
    this.line.keep({ t: "invite", ...invitation, key });
    return key;
  }

  /** @param {string} invitation */
  withdraw(invitation) {
    this.line.send({ t: "withdraw", invitation });
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
      case "sdp":
      case "ice": return void this.topology.signal(message);
      case "state": return this.restate(message);
      case "chat": return this.spoken(/** @type {any} */ (message));
      case "lobby": return this.update("lobby", message.guests);
      case "invitations": return this.update("invitations", message.invitations);
      case "waiting": return this.inWaitingRoom(message);
      case "admitted": return this.join(idOf(message.room));
      case "refused":
      case "removed": return this.finish(message.t, message.message);
      case "error": return this.refusedAct(message);
    }
  }

  lineUp() {
    if (this.watching) this.line.send({ t: "rooms" });
    if (this.state === "waiting") this.line.send({ t: "wait", ...this.sending() });
    if (this.state === "joining" || this.state === "inside") this.sendJoin();
    this.emit("line");
    this.wasOpen = true;
  }

  sendJoin() {
    const words = { t: "join", room: this.room.id, ...this.sending() };
    if (this.id) this.line.send({ ...words, resume: { id: this.id, proof: this.proof } });
    else this.line.send({ ...words, offer: this.topology.takeOffer() });
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
    const back = this.id !== "";
    this.id = message.id;
    this.proof = message.proof;
    this.room = message.room;
    this.since = message.since;
    /** @type {Person[]} */
    const others = message.people.filter((/** @type {Person} */ person) => person.id !== message.id);
    const missing = message.resumed ? [...this.people.values()].filter(({ id }) => this.topology.links.get(id)?.isAlive) : [];
    this.people = new Map([...missing, ...others].map((person) => [person.id, person]));
    this.lobby = message.lobby ?? [];
    this.invitations = message.invitations ?? [];
    for (const { key } of message.chat ?? []) this.line.settle(key);
    this.transcript.merge(message.chat ?? []);
    this.topology.joined(others, message.resumed);
    this.move("inside");
    this.retell();
    if (back) this.line.repeatKept();
    for (const topic of ["people", "chat", "lobby", "invitations"]) this.emit(topic);
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
    this.topology.entered(message.person.id, message.offer, message.resumed);
    if (!known && !message.resumed) this.note("entered", message.person.name);
    this.emit("people");
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
    const person = this.people.get(message.from);
    if (!person) return;
    person.camera = message.camera;
    person.microphone = message.microphone;
    this.emit("people");
  }

  /** @param {Line} line */
  spoken(line) {
    this.line.settle(line.key);
    const isNew = this.transcript.hear(line);
    if (isNew && !line.mine) this.emit("notice", { event: "chat", name: line.name, text: line.text });
    this.emit("chat");
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
    this.id = this.proof = "";
    this.people.clear();
    this.topology.close();
    this.topology = this.newTopology();
    void this.topology.prepare();
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

  sending() {
    return { camera: this.devices.sends("video"), microphone: this.devices.sends("audio") };
  }

  /**
   * @param {"entered" | "left"} event
   * @param {string} name
   */
  note(event, name) {
    this.transcript.note(event, name);
    this.emit("notice", { event, name });
    this.emit("chat");
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

  /** @param {(Invitation & {key?: string})[]} known an invitation that the server lists need not be repeated */
  settleInvitations(known) {
    for (const kept of [...this.line.kept.values()]) {
      if (kept.t === "invite" && known.some(({ key, address }) => key === kept.key || address === kept.address)) this.line.settle(kept.key);
    }
  }

  /**
   * @param {Ending} ending
   * @param {string} [message]
   */
  finish(ending, message = "") {
    this.ending = ending;
    this.message = message;
    this.id = this.proof = "";
    this.people.clear();
    this.lobby = [];
    this.topology.close();
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

/** @param {unknown} room an id, or a room with its id */
function idOf(room) {
  return typeof room === "object" && room !== null && "id" in room ? String(room.id) : String(room);
}
