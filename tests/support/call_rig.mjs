/** A page's call without a browser: `node call_rig.mjs SCENARIO` prints what it said, as JSON. Connections lead nowhere. */
const nothing = () => undefined;
class Connection {
  constructor() {
    Object.assign(this, { signalingState: "stable", connectionState: "new", localDescription: null, transceivers: [] });
  }

  addTransceiver(what) {
    const transceiver = { mid: String(this.transceivers.length), sender: { replaceTrack: nothing }, receiver: { track: { kind: what } } };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers() {
    return this.transceivers;
  }

  createDataChannel() {
    return { readyState: "connecting" };
  }

  async setLocalDescription() {
    this.signalingState = "have-local-offer";
    this.localDescription = { type: "offer", sdp: `v=0 ${this.transceivers.length}` };
  }

  async setRemoteDescription(description) {
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  restartIce() {}

  close() {
    this.signalingState = "closed";
  }
}
Object.assign(globalThis, {
  addEventListener: nothing, removeEventListener: nothing, RTCPeerConnection: Connection, RTCRtpReceiver: {},
  MediaStream: class {
    getTracks() {
      return [];
    }
  },
});

/** Elements that are drawn nowhere. */
class Element {
  constructor() {
    Object.assign(this, { children: [], attributes: {}, textContent: "", hidden: false, style: {}, dataset: {} });
    this.classList = { toggle: nothing, add: nothing, remove: nothing };
  }

  get options() {
    return this.children;
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  removeAttribute(name) {
    delete this.attributes[name];
  }

  querySelector() {
    return null;
  }
}
for (const name of ["addEventListener", "remove"]) Element.prototype[name] = nothing;
globalThis.document = { createElement: () => new Element(), createElementNS: () => new Element(), addEventListener: nothing, removeEventListener: nothing };

const { Call } = await import("../../components/video_room/call.js");

/** @type {any[]} */
const said = [];
/** @type {any} */
let socket = null;
const connect = () => {
  socket = { readyState: 0, send: (text) => said.push(JSON.parse(text)), close: nothing };
  return socket;
};
const devices = { tracks: { audio: null, video: null }, sends: () => true, on: () => nothing, turn: nothing };
const call = new Call(connect, devices, []);
const up = () => {
  socket.readyState = 1;
  socket.onopen({});
};
const down = () => {
  const former = socket;
  former.readyState = 3;
  former.onclose({ code: 1006 });
  call.line.attemptNow();
};
const hear = (message) => socket.onmessage({ data: JSON.stringify(message) });
const joined = { t: "joined", id: "a.1", proof: "p", room: { id: "blue", name: "Salle Bleue" }, since: "2026-11-24T09:30:00Z", people: [], chat: [], route: "direct", resumed: false };
const rooms = { t: "rooms", rooms: [{ id: "blue", name: "Salle Bleue", planned: true, people: [], full: false, unit: true }] };

const scenarios = {
  async written_while_entering() {
    call.line.open();
    call.join("blue");
    call.say("Bonjour");
    up();
    hear(joined);
  },
  async line_lost_while_entering() {
    call.line.open();
    up();
    hear(rooms);
    await call.topology.expectUnit();
    call.join("blue");
    down();
    up();
  },
  async line_of_the_other_lost() {
    call.line.open();
    up();
    call.join("blue");
    hear({ ...joined, people: [{ id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }] });
    const link = call.topology.peers.links.get("b.1");
    link.pc.connectionState = "connected";
    hear({ t: "left", id: "b.1", name: "Dr MARTIN", reason: "line" });
    said.push({ t: "lost", inside: call.people.get("b.1")?.away, linked: call.topology.peers.links.has("b.1") });
    link.pc.connectionState = "failed";
    hear({ t: "left", id: "b.1", name: "Dr MARTIN", reason: "line" });
    said.push({ t: "failed", inside: call.people.has("b.1"), linked: call.topology.peers.links.has("b.1") });
  },
  async hung_up_by_the_other() {
    call.line.open();
    up();
    call.join("blue");
    hear({ ...joined, people: [{ id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }] });
    call.topology.peers.links.get("b.1").pc.connectionState = "connected";
    hear({ t: "left", id: "b.1", name: "Dr MARTIN" });
    said.push({ t: "left", inside: call.people.has("b.1"), linked: call.topology.peers.links.has("b.1") });
  },
  async back_after_a_long_sleep() {
    call.line.open();
    up();
    call.join("blue");
    hear({ ...joined, people: [{ id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }] });
    call.topology.peers.links.get("b.1").pc.connectionState = "failed";
    hear({ t: "left", id: "b.1", name: "Dr MARTIN", reason: "line" });
    said.length = 0;
    hear({ t: "entered", person: { id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }, resumed: true });
    await new Promise((go) => setTimeout(go, 2500));
  },
  async called_anew_after_our_own_sleep() {
    call.line.open();
    up();
    call.join("blue");
    hear({ ...joined, people: [{ id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }] });
    const old = call.topology.peers.links.get("b.1");
    await old.chain;
    Object.assign(old.pc, { connectionState: "connected", signalingState: "stable", remoteDescription: { sdp: "a=fingerprint:sha-256 AA" } });
    said.length = 0;
    const speak = (sdp) => hear({ t: "sdp", from: "b.1", description: { type: "offer", sdp } });
    speak("a=fingerprint:sha-256 AA");
    await new Promise((go) => setTimeout(go, 50));
    said.push({ t: "same", kept: call.topology.peers.links.get("b.1") === old });
    speak("a=fingerprint:sha-256 BB");
    await new Promise((go) => setTimeout(go, 50));
    said.push({ t: "other", kept: call.topology.peers.links.get("b.1") === old });
  },
  async network_changed_beside_a_caller() {
    call.line.open();
    up();
    call.join("blue");
    hear(joined);
    hear({ t: "entered", person: { id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }, offer: "v=0" });
    await new Promise((go) => setTimeout(go, 50));
    said.length = 0;
    call.topology.renew();
    down();
    up();
    hear({ ...joined, resumed: true, people: [{ id: "b.1", name: "Dr MARTIN", role: "professional", camera: true, microphone: true }] });
  },
  async network_changed() {
    call.line.open();
    up();
    const first = socket;
    call.line.doubt();
    first.onmessage({ data: '{"t":"pong"}' });
    await new Promise((go) => setTimeout(go, 1100));
    const kept = socket === first;
    call.line.doubt();
    await new Promise((go) => setTimeout(go, 1500));
    said.push({ t: "network", kept, anew: socket !== first });
  },
  async server_far_away() {
    const { Signalling } = await import("../../components/video_room/signalling.js");
    let now = 0;
    const due = [];
    globalThis.setTimeout = (act, ms = 0) => due.push({ at: now + ms, act });
    globalThis.clearTimeout = (id) => id && (due[id - 1].act = nothing);
    const opened = [];
    const connect = () => {
      const far = { readyState: 0, send: nothing, close: nothing };
      setTimeout(() => far.onopen && (opened.push(now), (far.readyState = 1), far.onopen()), 2500);
      return far;
    };
    new Signalling(connect, { message: nothing, up: nothing, down: nothing, ended: nothing }).open();
    for (const done = new Set(); now < 60_000 && !opened.length; ) {
      const next = due.filter((each) => !done.has(each)).sort((a, b) => a.at - b.at)[0];
      done.add(next);
      now = next.at;
      next.act();
    }
    said.push({ t: "opened", after: opened[0] ?? null });
  },
  async entering_again_after_a_refusal() {
    call.line.open();
    up();
    hear(rooms);
    await call.topology.expectUnit();
    call.join("blue");
    hear({ t: "full", room: "blue", message: "complète" });
    call.join("blue");
  },
  async line_away_while_entering() {
    const { CallView } = await import("../../components/video_room/call_view.js");
    const notes = new Map();
    const view = { call, words: { say: (label) => label }, notes: { show: (key, note) => notes.set(key, note), hide: (key) => notes.delete(key) } };
    call.line.open();
    call.join("blue");
    CallView.prototype.drawLine.call(view);
    said.push({ t: "entering", note: notes.get("line")?.title, text: notes.get("line")?.text });
    up();
    CallView.prototype.drawLine.call(view);
    said.push({ t: "up", note: notes.get("line")?.title });
    hear(joined);
    down();
    CallView.prototype.drawLine.call(view);
    said.push({ t: "inside", text: notes.get("line")?.text });
  },
  async lobby_after_a_refusal() {
    const { LobbyView } = await import("../../components/video_room/lobby_view.js");
    const words = { say: (label) => label, count: (label) => label };
    Object.assign(devices, { list: () => [], wanted: {}, problems: {}, chosen: {} });
    call.line.open();
    up();
    hear({ t: "rooms", rooms: [...rooms.rooms, { id: "green", name: "Salle Verte", planned: false, people: [], full: false }] });
    call.join("green");
    hear({ t: "full", room: "green", message: "complète" });
    const view = new LobbyView(words, call, devices);
    said.push({ t: "chosen", room: view.rooms.selected, checked: view.rooms.rows.get("green").input.checked });
  },
};
await scenarios[process.argv[2]]();
console.log(JSON.stringify(said.filter(({ t }) => t !== "ping")));
process.exit(0);
