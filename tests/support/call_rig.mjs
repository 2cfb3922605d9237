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
  async entering_again_after_a_refusal() {
    call.line.open();
    up();
    hear(rooms);
    await call.topology.expectUnit();
    call.join("blue");
    hear({ t: "full", room: "blue", message: "complète" });
    call.join("blue");
  },
};
await scenarios[process.argv[2]]();
console.log(JSON.stringify(said.filter(({ t }) => t !== "ping")));
process.exit(0);
