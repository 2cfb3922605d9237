/**
 * What the network lets through, before a call: the server, UDP, the relay (TURN) by UDP and by TLS, how much, and what this
 * browser can do. Under 15 s whatever happens: each question has its own end, and all are asked at once.
 */

/** @typedef {import("./call.js").Call} Call */
/** @typedef {"webrtc" | "capture" | "vp8" | "data" | "websocket" | "sinks" | "screen"} Ability */
/**
 * Null: not known. The fields are those of the message `check` (docs/signalling.md).
 * @typedef {object} Found
 * @property {number | null} delay ms to the server and back
 * @property {boolean | null} udp
 * @property {boolean | null} relay_udp
 * @property {boolean | null} relay_tls
 * @property {number | null} rate kbit/s towards us
 * @property {boolean} camera
 * @property {boolean} microphone
 * @property {Ability[]} missing
 * @property {string} browser
 */
/** @typedef {"good" | "relay" | "closed" | "slow" | "far" | "plain" | "browser"} Verdict */

/** How long each question may take, in ms. */
const GATHERING = 8000;
const DELAY = 5000;
const RATE = 6000;
/** Below this a picture is hardly carried, in kbit/s; above this many ms people talk over each other. */
export const NARROW = 600;
const FAR = 400;

/**
 * @param {Call} call
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
export async function check(call, iceServers, signal) {
  const urls = iceServers.flatMap((server) => [server.urls].flat().map((url) => ({ ...server, urls: [url] })));
  const by = (/** @type {RegExp} */ pattern) => urls.filter(({ urls: [url] }) => pattern.test(url));
  const overUdp = by(/^turn:(?!.*transport=tcp)/);
  const [delay, relayUdp, relayTls, reflexive, rate] = await Promise.all([
    delayOf(call, signal),
    gathers(overUdp, "relay", signal),
    gathers(by(/^turns:/), "relay", signal),
    gathers([...by(/^stun:/), ...overUdp], "srflx", signal),
    rateOf(call, signal),
  ]);
  const udp = relayUdp || reflexive ? true : relayUdp === null && reflexive === null ? null : false;
  const { devices } = call;
  return {
    delay,
    udp,
    relay_udp: relayUdp,
    relay_tls: relayTls,
    rate,
    camera: devices.sends("video"),
    microphone: devices.sends("audio"),
    missing: lacking(),
    browser: browserName(navigator.userAgent),
  };
}

/**
 * What matters most of what was found.
 * @param {Found} found
 * @returns {Verdict}
 */
export function verdict({ delay, udp, relay_tls, rate, missing }) {
  if (["webrtc", "vp8", "websocket"].some((ability) => missing.includes(/** @type {Ability} */ (ability)))) return "browser";
  if (udp === false && !relay_tls) return "closed";
  if (rate !== null && rate < NARROW) return "slow";
  if (delay !== null && delay > FAR) return "far";
  if (udp === false) return "relay";
  return udp === null ? "plain" : "good";
}

/** @returns {Ability[]} what this browser cannot do: features are tried, names are not looked at */
export function lacking(from = /** @type {any} */ (globalThis)) {
  const { RTCPeerConnection, RTCRtpReceiver, HTMLMediaElement, WebSocket, navigator: can } = from;
  const codecs = RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  /** @type {[Ability, boolean][]} */
  const tried = [
    ["webrtc", Boolean(RTCPeerConnection?.prototype?.addTransceiver)],
    ["capture", Boolean(can?.mediaDevices?.getUserMedia)],
    ["vp8", !codecs || codecs.some(({ mimeType = "" }) => mimeType.toLowerCase() === "video/vp8")],
    ["data", Boolean(RTCPeerConnection?.prototype?.createDataChannel)],
    ["websocket", Boolean(WebSocket)],
    ["sinks", Boolean(HTMLMediaElement?.prototype?.setSinkId)],
    ["screen", Boolean(can?.mediaDevices?.getDisplayMedia)],
  ];
  return tried.filter(([, has]) => !has).map(([ability]) => ability);
}

/** @param {string} agent for the report to a helper only */
export function browserName(agent) {
  const known = [/(Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|Chrome)\/(\d+)/, /Version\/(\d+)[\d.]* .*(Safari)/];
  const found = known.map((pattern) => agent.match(pattern)).find((match) => match);
  if (!found) return agent.slice(0, 40);
  const [, first, second] = found;
  return /^\d/.test(first) ? `${second} ${first}` : `${first} ${second}`;
}

/**
 * The shortest way there and back of some seconds: one answer that comes late tells of a busy page, or of our own measuring,
 * more often than of the line.
 * @param {Call} call
 * @param {AbortSignal} signal
 * @returns {Promise<number | null>}
 */
export async function delayOf(call, signal) {
  const end = performance.now() + DELAY;
  /** @type {number | null} */
  let shortest = null;
  while (!signal.aborted && performance.now() < end) {
    if (call.line.delay !== null) shortest = Math.max(1, Math.round(Math.min(shortest ?? Infinity, call.line.delay)));
    if (shortest !== null && shortest <= FAR) return shortest;
    await new Promise((go) => setTimeout(go, 100));
  }
  return shortest;
}

/**
 * Whether these servers give an address of that kind; null when there is none to ask. Without address translation what a
 * STUN server answers is the address that is known already, and nothing is found: silence is not a closed network, an
 * error (701, no answer) is.
 * @param {RTCIceServer[]} iceServers
 * @param {"relay" | "srflx"} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<boolean | null>}
 */
export async function gathers(iceServers, wanted, signal) {
  if (!iceServers.length || typeof RTCPeerConnection === "undefined") return null;
  /** @type {RTCPeerConnection} */
  let pc;
  try {
    pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: wanted === "relay" ? "relay" : "all" });
  } catch {
    return null; // an address that this browser does not take
  }
  try {
    return await new Promise((tell) => {
      let failed = wanted === "relay";
      pc.onicecandidateerror = () => (failed = true);
      pc.onicecandidate = ({ candidate }) => {
        if (candidate?.type === wanted) tell(true);
        else if (!candidate) tell(failed ? false : null);
      };
      signal.addEventListener("abort", () => tell(null));
      setTimeout(() => tell(false), GATHERING);
      pc.createDataChannel("check");
      void pc.setLocalDescription().catch(() => tell(null));
    });
  } finally {
    pc.close();
  }
}

/**
 * What the line carries towards us, of some 290 kB; a slow line is measured by what came in time.
 * @param {Call} call
 * @param {AbortSignal} signal
 * @returns {Promise<number | null>} kbit/s
 */
function rateOf(call, signal) {
  return new Promise((tell) => {
    let [begun, bytes] = [0, 0];
    const done = () => {
      stop();
      const ms = performance.now() - begun;
      tell(bytes ? Math.min(1_000_000, Math.round((8 * bytes) / Math.max(1, ms))) : null);
    };
    const stop = call.on("said:measured", ({ fill, left }) => {
      // The first frame starts the clock: how long its way was is the delay, not the rate.
      if (begun) bytes += String(fill).length;
      begun ||= performance.now();
      if (left === 0) done();
    });
    signal.addEventListener("abort", done);
    setTimeout(done, RATE);
    if (!call.line.send({ t: "measure" })) done();
  });
}
