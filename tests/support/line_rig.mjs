/** Poor lines without a browser: `node line_rig.mjs SCENARIO` prints what came of it, as JSON. Time is given, not waited for. */
const from = (name) => import(`../../components/video_room/${name}.js`);
const nothing = () => undefined;
Object.assign(globalThis, { addEventListener: nothing, removeEventListener: nothing });
const [{ Sacrifice, wanted, apply }, { Care }, { factsOf, Outgoing }] = await Promise.all(
  ["sacrifice", "care", "line_facts"].map(from),
);

/** @param {{loss: number, room?: number | null}} line @param {number} seconds @param {boolean} screen */
function steps(sacrifice, line, seconds, screen, start) {
  const seen = [];
  for (let second = 0; second < seconds; second += 1) {
    const step = sacrifice.look({ room: null, unheard: 0, measured: true, ...line }, screen, start + second * 1000);
    if (seen.at(-1) !== step) seen.push(step);
  }
  return seen;
}

/** A sender that keeps what it is told. */
function sender(encodings) {
  let kept = encodings;
  return { getParameters: () => structuredClone({ encodings: kept }), setParameters: async ({ encodings: told }) => void (kept = told), get told() { return kept; } };
}

/** A report of statistics. */
const report = (...entries) => new Map(entries.map((entry, at) => [entry.id ?? `e${at}`, entry]));

function scene(route, lines = {}, names = { "b.1": "Dr MARTIN", "c.1": "N. DUBOIS" }) {
  const notes = new Map();
  const said = [];
  const call = {
    people: new Map(Object.entries(names).map(([id, name]) => [id, { id, name }])),
    lines: new Map(Object.entries(lines)), aux: { picture: "", contents: {} }, spares: [],
    topology: { route, peers: { links: new Map() }, unit: null },
    line: { send: (message) => said.push(message) > 0 }, spare(on) { this.spares.push(on); }, renewWays: nothing,
  };
  const words = { say: (key, { name = "" } = {}) => [key, name].filter(Boolean).join(" ") };
  const care = new Care(call, words, { show: (key, { title }) => notes.set(key, title), hide: (key) => notes.delete(key) });
  care.told = 0;
  return { call, care, notes, said };
}

const loss = (fractionLost) => new Map([[{}, report({ type: "remote-inbound-rtp", fractionLost })]]);

const scenarios = {
  order: () => steps(new Sacrifice(), { loss: 0.3 }, 30, true, 0),
  order_without_screen: () => steps(new Sacrifice(), { loss: 0.3 }, 30, false, 0),
  narrow: () => steps(new Sacrifice(), { loss: 0, room: 60_000 }, 30, false, 0),
  narrow_beside_a_screen: () => steps(new Sacrifice(), { loss: 0, room: 200_000 }, 60, true, 0),
  no_room_for_a_face_beside_a_screen: () => steps(new Sacrifice(), { loss: 0, room: 60_000 }, 30, true, 0),
  estimate_that_grows_slowly() {
    const sacrifice = new Sacrifice();
    const seen = steps(sacrifice, { loss: 0, room: 60_000 }, 15, false, 0);
    // A browser that sends a voice alone believes in room for little more; sending more, it learns better by and by.
    for (let now = 15_000, room = 60_000; now < 150_000; now += 1000) {
      room = Math.min(sacrifice.step === "voice" ? 60_000 : sacrifice.step === "quarter" ? 180_000 : 900_000, room * 1.08);
      const step = sacrifice.look({ loss: 0, room, unheard: 0, measured: true }, false, now);
      if (seen.at(-1) !== step) seen.push(step);
    }
    return seen;
  },
  what_rests_says_nothing() {
    const outgoing = new Outgoing();
    const at = (timestamp, fractionLost) => ({ type: "remote-inbound-rtp", timestamp, fractionLost });
    const read = (now) => outgoing.read(new Map([[{}, report(at(1000, 0.6), at(now, 0.01), { type: "transport", timestamp: now })]])).loss;
    return [read(2000), read(20_000)];
  },
  no_room_is_a_measure_and_never_told_is_none() {
    const outgoing = new Outgoing();
    const [pc, other] = [{}, {}];
    const read = (which, room) => outgoing.read(new Map([[which, report({ type: "candidate-pair", nominated: true, ...(room && { availableOutgoingBitrate: room }) })]])).room;
    return [read(pc), read(pc, 300_000), read(pc), read(pc, 90_000), read(other), outgoing.read(new Map()).measured];
  },
  reports_that_drown: () => steps(new Sacrifice(), { loss: 0, room: 900_000, unheard: 5000 }, 60, false, 0),
  reports_that_drown_beside_a_screen: () => steps(new Sacrifice(), { loss: 0, room: 900_000, unheard: 5000 }, 3, true, 0),
  how_long_unheard() {
    const outgoing = new Outgoing();
    const pc = {};
    const read = (now, packetsSent, ...told) => outgoing.read(new Map([[pc, report({ type: "transport", timestamp: now },
      { type: "outbound-rtp", kind: "video", packetsSent }, ...told.map((timestamp) => ({ type: "remote-inbound-rtp", timestamp, fractionLost: 0 })))]])).unheard;
    return [read(1000, 10), read(9000, 20), read(10_000, 30, 9500), read(20_000, 40, 9500, 12_000), read(21_000, 40, 9500, 12_000)];
  },
  narrow_with_moments_of_nothing() {
    const sacrifice = new Sacrifice();
    for (let now = 1000; now < 8000; now += 1000) {
      const line = now % 2000 ? { loss: 0, room: null, unheard: 0, measured: false } : { loss: 0, room: 60_000, unheard: 0, measured: true };
      sacrifice.look(line, true, now);
    }
    return sacrifice.step;
  },
  flooded: () => steps(new Sacrifice(), { loss: 0.6 }, 3, true, 0),
  stutter: () => steps(new Sacrifice(), { loss: 0.3 }, 3, true, 0),
  back() {
    const sacrifice = new Sacrifice();
    steps(sacrifice, { loss: 0.3 }, 30, true, 0);
    return steps(sacrifice, { loss: 0 }, 120, true, 30_000);
  },
  tries_ever_more_rarely() {
    const sacrifice = new Sacrifice();
    const tries = [];
    let last = "all";
    for (let now = 0; now < 600_000; now += 1000) {
      const bad = sacrifice.step === "all" || sacrifice.step === "half" || sacrifice.step === "quarter";
      const step = sacrifice.look({ loss: bad ? 0.3 : 0, room: null, unheard: 0, measured: true }, false, now);
      if (last === "voice" && step !== "voice") tries.push(now);
      last = step;
    }
    return tries.slice(1).map((at, n) => at - tries[n]);
  },
  layers: () => ["all", "screen-off", "half", "quarter", "voice"].map((step) =>
    [{ active: true, maxBitrate: 150_000, scaleResolutionDownBy: 2 }, { active: true, maxBitrate: 1_200_000 }].map((first, at) =>
      wanted(first, at, 2, "video", step)),
  ),
  async voices_are_never_touched() {
    const [voice, face, screen, stethoscope] = [sender([{ active: true }]), sender([{ active: true, maxBitrate: 1_200_000 }]), sender([{ active: true }]), sender([{ active: true }])];
    const lines = new Map([["audio", voice], ["video", face], ["aux-video", screen], ["aux-audio", stethoscope]].map(([source, sender]) => [source, { sender }]));
    const topology = { peers: { links: new Map([["b.1", { state: "connected", lines }]]) }, unit: null };
    await apply(topology, "voice", { "aux-video": "screen", "aux-audio": "auscultation" });
    const given = [voice, face, screen, stethoscope].map(({ told: [{ active }] }) => active);
    const lean = [voice.told[0].maxBitrate, stethoscope.told[0].maxBitrate ?? null];
    await apply(topology, "all", { "aux-video": "screen", "aux-audio": "auscultation" });
    return { given, lean, whole: voice.told[0].maxBitrate ?? null, back: [face.told[0].active, face.told[0].maxBitrate, screen.told[0].active], voice: voice.told[0].priority };
  },
  async sound_of_a_screen() {
    const [screen, sound] = [sender([{ active: true, maxBitrate: 1_500_000 }]), sender([{ active: true }])];
    const lines = new Map([["aux-video", { sender: screen }], ["aux-audio", { sender: sound }]]);
    const topology = { peers: { links: new Map([["b.1", { state: "connected", lines }]]) }, unit: null };
    const told = [];
    const look = () => told.push([screen.told[0].active, sound.told[0].active, sound.told[0].maxBitrate ?? null]);
    for (const step of ["screen-small", "screen-off", "voice", "all", "voice"]) {
      await apply(topology, step, { "aux-video": "screen", "aux-audio": "screen" });
      look();
    }
    await apply(topology, "voice", { "aux-video": "", "aux-audio": "auscultation" });
    look();
    return told;
  },
  whose() {
    const direct = scene("direct", {}, { "b.1": "Dr MARTIN" });
    const theirs = scene("unit", { "b.1": 1, "c.1": 3 });
    const ours = scene("unit", { "b.1": 3, "c.1": 3 });
    for (let now = 1000; now <= 6000; now += 1000) {
      direct.care.look({ stats: new Map(), levels: new Map([["b.1", 1]]), own: 3 }, now);
      theirs.care.look({ stats: new Map(), levels: new Map([["b.1", 1], ["c.1", 3]]), own: 3 }, now);
      ours.care.look({ stats: new Map(), levels: new Map([["b.1", 1], ["c.1", 1]]), own: 3 }, now);
    }
    return [direct, theirs, ours].map(({ notes }) => Object.fromEntries(notes));
  },
  said_late_and_taken_back_late() {
    const { care, notes } = scene("direct", {}, { "b.1": "Dr MARTIN" });
    const seen = [];
    for (let second = 1; second <= 20; second += 1) {
      care.look({ stats: new Map(), levels: new Map([["b.1", second <= 6 ? 1 : 3]]), own: 3 }, second * 1000);
      seen.push(notes.size);
    }
    return seen;
  },
  the_camera_is_given_up_and_said_so() {
    const { care, notes, call } = scene("direct", {}, { "b.1": "Dr MARTIN" });
    for (let second = 1; second <= 12; second += 1) care.look({ stats: loss(0.3), levels: new Map([["b.1", 3]]), own: 3 }, second * 1000);
    return { spares: call.spares, note: notes.get("given") };
  },
  away() {
    const { care, notes, call } = scene("direct", {}, { "b.1": "Dr MARTIN" });
    const look = () => care.look({ stats: new Map(), levels: new Map([["b.1", 3]]), own: 3 }, 1000);
    call.people.get("b.1").away = true;
    look();
    const shown = notes.get("away-b.1");
    call.people.clear();
    look();
    return { shown, left: notes.size };
  },
  facts() {
    const stats = (received, lost) => new Map([[{}, report(
      { type: "inbound-rtp", packetsReceived: received, packetsLost: lost },
      { type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime: 0.085, localCandidateId: "local" },
      { id: "local", type: "local-candidate", candidateType: "relay", relayProtocol: "tls", protocol: "udp" },
    )]]);
    const outgoing = new Outgoing();
    return [factsOf(stats(900, 100), outgoing), factsOf(stats(1900, 100), outgoing), factsOf(new Map(), outgoing)];
  },
  facts_every_half_minute() {
    const { care, said } = scene("direct");
    const stats = new Map([[{}, report({ type: "inbound-rtp", packetsReceived: 10, packetsLost: 0 })]]);
    for (let second = 1; second <= 100; second += 1) care.look({ stats, levels: new Map(), own: 3 }, second * 1000);
    return said.map(({ t, kind }) => `${t}${kind}`);
  },
};
const { verdict, delayOf, gathers, lacking, browserName } = await from("check");
const fine = { delay: 24, udp: true, relay_udp: true, relay_tls: true, rate: 8000, missing: [] };
const capable = { RTCPeerConnection: class { addTransceiver() {} createDataChannel() {} }, RTCRtpReceiver: { getCapabilities: () => ({ codecs: [{ mimeType: "video/VP8" }] }) }, HTMLMediaElement: class { setSinkId() {} }, WebSocket: class {}, navigator: { mediaDevices: { getUserMedia: nothing, getDisplayMedia: nothing } } };
Object.assign(scenarios, {
  verdicts: () => [{}, { udp: false }, { udp: false, relay_udp: false, relay_tls: false }, { udp: null, relay_udp: null, relay_tls: null }, { rate: 300 }, { delay: 900 }, { missing: ["webrtc"] }, { missing: ["sinks", "screen"] }, { udp: false, relay_udp: false, relay_tls: null }, { udp: false, relay_udp: null, relay_tls: null }]
    .map((each) => verdict({ ...fine, ...each })),
  async gathering() {
    /** What a browser tells: candidates and errors, then that there are no more. */
    const told = (...events) => class {
      createDataChannel() {}
      close() {}
      async setLocalDescription() {
        for (const event of events) if (event === "error") this.onicecandidateerror({ errorCode: 701 }); else this.onicecandidate({ candidate: { type: event } });
        this.onicecandidate({ candidate: null });
      }
    };
    const found = [];
    for (const [wanted, ...events] of [["srflx", "host", "srflx"], ["srflx", "host"], ["srflx", "host", "error"], ["relay", "relay"], ["relay"]]) {
      globalThis.RTCPeerConnection = told(...events);
      found.push(await gathers([{ urls: ["stun:192.0.2.1"] }], wanted, new AbortController().signal));
    }
    return [...found, await gathers([], "relay", new AbortController().signal)];
  },
  /** Each line's answers in turn, then the person enters. */
  async delays() {
    const found = [];
    for (const answers of [[24], [900, 30], [900, 1200], [null]]) {
      const [line, entered] = [{ delay: answers[0] }, new AbortController()];
      setTimeout(() => (line.delay = answers.at(-1)), 150);
      setTimeout(() => entered.abort(), 350);
      found.push(await delayOf({ line }, entered.signal));
    }
    return found;
  },
  abilities: () => [lacking(capable), lacking({ ...capable, RTCPeerConnection: undefined }), lacking({ ...capable, RTCRtpReceiver: { getCapabilities: () => ({ codecs: [] }) } }), lacking({ ...capable, navigator: {} })],
  browsers: () => ["Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "x".repeat(500)].map(browserName),
});
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
