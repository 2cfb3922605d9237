/**
 * What a person can do in a call, each one message to the server: write, let in, invite, silence, ask. Who may do what is
 * decided there. Also what is written by others.
 */
import { Emitter } from "./emitter.js";
import { Signalling } from "./signalling.js";
import { newKey, Transcript } from "./transcript.js";

/** @typedef {import("./call.js").Me} Me */
/** @typedef {import("./call.js").Invitation} Invitation */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./transcript.js").Line} Line */
/** @typedef {import("./signalling.js").Message} Message */
/** @typedef {import("./signalling.js").Socket} Socket */

export class CallActs extends Emitter {
  /**
   * @param {() => Socket} connect
   * @param {Devices} devices
   */
  constructor(connect, devices) {
    super();
    this.devices = devices;
    this.line = new Signalling(connect, {
      message: (message) => this.hear(message),
      up: () => this.lineUp(),
      down: () => this.emit("line"),
      ended: () => this.lineEnded(),
    });
    /** @type {Me | null} */
    this.me = null;
    this.transcript = new Transcript();
    /** A professional has cut our microphone. */
    this.silenced = false;
    /** Our line carries the voice alone: the camera is given up for now. */
    this.spares = false;
  }

  /** @param {Message} _message */
  hear(_message) {}

  lineUp() {}

  /** The line will not come back. */
  lineEnded() {}

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

  /**
   * Silence somebody for everybody, whatever their page does; or give their microphone back.
   * @param {string} person
   * @param {boolean} muted
   */
  mute(person, muted) {
    this.line.send({ t: "mute", person, muted });
  }

  /** @param {string} person put them out, for good */
  remove(person) {
    this.line.send({ t: "remove", person });
  }

  /** @param {string} person ask them to open their microphone */
  ask(person) {
    this.line.send({ t: "ask", person });
  }

  sending() {
    return { camera: this.devices.sends("video") && !this.spares, microphone: this.devices.sends("audio") };
  }

  /** @param {boolean} spares the camera is given up, so that the others see a closed one, not a picture that stands */
  spare(spares) {
    if (spares === this.spares) return;
    this.spares = spares;
    this.retell();
  }

  retell() {}

  /**
   * A silenced microphone is closed here too, and stays so when it is given back: its owner opens it.
   * @param {boolean} silenced
   */
  hush(silenced) {
    if (silenced === this.silenced) return;
    this.silenced = silenced;
    if (silenced) void this.devices.turn("audio", false);
    this.emit("silenced", silenced);
    this.emit("self");
  }

  /** Open or close our microphone, as its button does. */
  turnMicrophone() {
    if (this.silenced) this.emit("silenced", true);
    else void this.devices.turn("audio", !this.devices.sends("audio"));
  }

  /** @param {(Invitation & {key?: string})[]} known an invitation that the server lists need not be repeated */
  settleInvitations(known) {
    for (const kept of [...this.line.kept.values()]) {
      if (kept.t === "invite" && known.some(({ key, address }) => key === kept.key || address === kept.address))
        this.line.settle(kept.key);
    }
  }

  /** @param {Line} line */
  spoken(line) {
    this.line.settle(line.key);
    const isNew = this.transcript.hear(line);
    if (isNew && !line.mine) this.emit("notice", { event: "chat", name: line.name, text: line.text });
    this.emit("chat");
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
}
