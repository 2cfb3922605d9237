/**
 * The line to the room: one JSON message per frame (docs/signalling.md).
 *
 * It never gives up: a connection that hangs is dropped after 2 s, every third one after 6 s (by satellite the three round
 * trips that it takes need more than two seconds), a silent one after 5 s, and the next try comes after 200 ms to 2 s with
 * some chance in it, so that a room does not come back all at once. Media does not pass here:
 * a call goes on while the line is away.
 */

/** @typedef {{t: string, [field: string]: any}} Message */
/**
 * What a WebSocket and the channel of a notebook have in common.
 * @typedef {object} Socket
 * @property {number} readyState
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 * @property {(text: string) => void} send
 * @property {(code?: number) => void} close
 */
/**
 * @typedef {object} Listener
 * @property {(message: Message) => void} message
 * @property {() => void} up
 * @property {() => void} down
 * @property {(reason: "right") => void} ended the line will not come back by itself
 */

const OPEN = 1;
const BEAT = 1000;
const SILENCE = 5000;
const HANGING = 2000;
const PATIENT = 6000;
const DOUBT = 1000;
const SHORTEST = 200;
const LONGEST = 2000;
const AFTER_FLOOD = 5000;
export const RIGHT_LOST = 4401;
export const FLOOD = 4429;

/**
 * @param {number} attempt counted from 0
 * @param {number} [chance] 0..1
 */
export function pause(attempt, chance = Math.random()) {
  return Math.min(LONGEST, SHORTEST * 2 ** Math.min(attempt, 8)) * (0.7 + 0.6 * chance);
}

export class Signalling {
  /**
   * @param {() => Socket} connect
   * @param {Listener} listener
   */
  constructor(connect, listener) {
    this.connect = connect;
    this.listener = listener;
    /** @type {Socket | null} */
    this.socket = null;
    /** @type {Map<string, Message>} what must not be lost, until the server has answered it */
    this.kept = new Map();
    this.attempt = 0;
    this.stopped = true;
    /** @type {number | null} round trip to the server in ms */
    this.delay = null;
    this.opened = 0;
    this.heard = 0;
    this.ticked = 0;
    this.asked = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.beat = undefined;
    this.hurry = () => this.doubt();
  }

  get isOpen() {
    return this.socket?.readyState === OPEN;
  }

  open() {
    if (!this.stopped) return;
    this.stopped = false;
    addEventListener("online", this.hurry);
    this.dial();
  }

  /** Hang up for good. */
  close() {
    this.stopped = true;
    removeEventListener("online", this.hurry);
    clearTimeout(this.retry);
    const socket = this.socket;
    this.forget();
    this.kept.clear();
    if (socket) socket.close(1000);
  }

  /**
   * Say it now, or not at all: false when the line is away.
   * @param {Message} message
   */
  send(message) {
    if (!this.socket || this.socket.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Say it, and say it again after every reconnection until `settle(key)`.
   * @param {Message & {key: string}} message
   */
  keep(message) {
    this.kept.set(message.key, message);
    return this.send(message);
  }

  /** @param {string} key */
  settle(key) {
    this.kept.delete(key);
  }

  /** Once the place in the room is taken back. */
  repeatKept() {
    for (const message of this.kept.values()) this.send(message);
  }

  attemptNow() {
    if (this.stopped || this.socket) return;
    clearTimeout(this.retry);
    this.dial();
  }

  /** The network changed: a line that looks open must answer now, or is dialled anew. */
  doubt() {
    const { socket, heard } = this;
    if (this.stopped) return;
    if (!socket) return this.attemptNow();
    if (socket.readyState !== OPEN) return this.lost(socket, 0);
    this.asked = performance.now();
    socket.send('{"t":"ping"}');
    setTimeout(() => this.heard === heard && this.lost(socket, 0), DOUBT);
  }

  dial() {
    /** @type {Socket} */
    let socket;
    try {
      socket = this.connect();
    } catch {
      this.later(pause(this.attempt++));
      return;
    }
    this.socket = socket;
    const hanging = setTimeout(() => this.lost(socket, 0), this.attempt % 3 === 2 ? PATIENT : HANGING);
    socket.onopen = () => {
      clearTimeout(hanging);
      if (this.socket !== socket) return;
      this.attempt = 0;
      this.opened += 1;
      this.heard = this.ticked = performance.now();
      this.beat = setInterval(() => this.tick(socket), BEAT);
      this.tick(socket);
      this.listener.up();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) this.hear(String(event.data));
    };
    socket.onclose = (event) => {
      clearTimeout(hanging);
      this.lost(socket, event?.code ?? 0);
    };
  }

  /** @param {string} text */
  hear(text) {
    this.heard = performance.now();
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.t === "pong") this.delay = this.heard - this.asked;
    else this.listener.message(message);
  }

  /** @param {Socket} socket */
  tick(socket) {
    const now = performance.now();
    // A page that slept has heard nothing either: give the line a new chance before calling it dead.
    if (now - this.ticked > 3 * BEAT) this.heard = now;
    this.ticked = now;
    if (now - this.heard > SILENCE) this.lost(socket, 0);
    else if (socket.readyState === OPEN) {
      this.asked = now;
      socket.send('{"t":"ping"}');
    }
  }

  /**
   * @param {Socket} socket
   * @param {number} code
   */
  lost(socket, code) {
    if (this.socket !== socket) return;
    const wasUp = this.beat !== undefined;
    this.forget();
    socket.close();
    if (this.stopped) return;
    if (wasUp) this.listener.down();
    if (code === RIGHT_LOST) {
      this.close();
      this.listener.ended("right");
    } else this.later(code === FLOOD ? AFTER_FLOOD : pause(this.attempt++));
  }

  /** @param {number} ms */
  later(ms) {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.dial(), ms);
  }

  forget() {
    clearInterval(this.beat);
    this.beat = undefined;
    this.delay = null;
    if (this.socket) this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket = null;
  }
}

/**
 * @param {string} url of the room, relative to the page
 * @param {string} [dossier]
 */
export function webSocket(url, dossier) {
  return () => {
    const address = new URL(url, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (dossier) address.searchParams.set("dossier", dossier);
    return /** @type {Socket} */ (new WebSocket(address));
  };
}
