/**
 * A stethoscope as second microphone: nothing of the voice's treatment, the whole band, both channels where it has two. What the
 * browser did not obey is said: a heart sound lies between 20 and 200 Hz, where a voice has nothing to lose.
 */
import { Curve } from "./auscultation_curve.js";
import { problemOf } from "./devices.js";
import { h, icon, write } from "./dom.js";
import { choice } from "./source_panel.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {"echoCancellation" | "noiseSuppression" | "autoGainControl"} Treatment */

/** @type {readonly Treatment[]} */
const TREATMENTS = ["echoCancellation", "noiseSuppression", "autoGainControl"];
const NOTE = "stethoscope";

/** @type {MediaTrackConstraints} */
const UNTREATED = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
  channelCount: { ideal: 2 },
  sampleRate: { ideal: 48_000 },
};

/**
 * What a browser still does to the sound.
 * @param {MediaTrackSettings} settings
 * @returns {Treatment[]}
 */
export function treatments(settings) {
  // Of echo cancelling newer browsers say which one: only `false` is none.
  return TREATMENTS.filter((each) => settings[each] !== undefined && settings[each] !== false);
}

export class Sending {
  /** @param {Context} context */
  constructor(context) {
    const { words, aux, devices, call } = context;
    this.context = context;
    this.words = words;
    this.asking = false;
    this.lost = "";
    this.curve = new Curve(words.say("auscultation.own"), "wave");
    /** @type {AudioContext | null} of the curve */
    this.sound = null;
    /** @type {MediaStreamTrack | null} */
    this.drawn = null;
    this.which = choice(words.say("auscultation.which"), () => this.on && void this.begin());
    this.button = h("button", { type: "button", class: "td-btn td-wide", onclick: () => this.turn() });
    this.hint = h("p", { class: "td-small" });
    this.sent = h("p", { class: "td-small", role: "status" });
    this.treatedText = h("span");
    this.treated = h(
      "div",
      { class: "td-alert", role: "alert", hidden: true },
      icon("alert"),
      h("span", {}, h("b", {}, words.say("auscultation.treated")), this.treatedText),
    );
    this.element = h(
      "section",
      { class: "td-source-own", "aria-label": words.say("auscultation.send") },
      h("h4", {}, words.say("auscultation.send")),
      ...[this.hint, this.which.element, this.treated, this.curve.element, this.button, this.sent],
    );
    this.stops = [
      aux.on("changed", () => this.draw()),
      aux.on("ended", ({ content }) => content === "auscultation" && this.ended()),
      devices.on("list tracks", () => this.listed()),
      call.on("state", () => {
        this.lost = "";
      }),
    ];
    this.draw();
  }

  stop() {
    for (const stop of this.stops) stop();
    this.show(null);
  }

  shown() {
    void this.context.devices.refresh();
    void this.sound?.resume().catch(() => undefined);
  }

  get on() {
    return this.context.aux.auscultates;
  }

  turn() {
    this.lost = "";
    if (this.on) this.context.aux.stop("auscultation");
    else void this.begin();
  }

  /** Those that are not the voice's come first; that one may be the only one. */
  get microphones() {
    const { devices } = this.context;
    const voice = devices.tracks.audio ? devices.current("audio") : "";
    const named = devices
      .list("audio")
      .map(({ id, name }, at) => ({ id, name: name || this.words.say("device.audio_n", { n: at + 1 }) }));
    const own = named.filter(({ id }) => id === voice);
    return [
      ...named.filter(({ id }) => id !== voice),
      ...own.map(({ id, name }) => ({ id, name: this.words.say("auscultation.same", { name }) })),
    ];
  }

  /** @param {string} [id] */
  async begin(id = this.which.list.value) {
    const { aux, call, notes, words } = this.context;
    if (!id || this.asking) return;
    this.asking = true;
    this.draw();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...UNTREATED, deviceId: { exact: id } } });
      if (call.state === "inside") aux.start("auscultation", stream.getTracks());
      else for (const track of stream.getTracks()) track.stop();
      this.lost = "";
      notes.hide(NOTE);
    } catch (error) {
      const problem = problemOf(error);
      const note = { title: words.say(`auscultation.${problem}`), text: words.say("auscultation.kept") };
      notes.show(NOTE, { ...note, icon: "alert", warm: true }, 10_000);
    } finally {
      this.asking = false;
      this.draw();
    }
  }

  ended() {
    const { notes, words } = this.context;
    this.lost = this.which.list.value;
    notes.show(NOTE, {
      title: words.say("auscultation.lost"),
      text: words.say("auscultation.lost.text"),
      icon: "alert",
      warm: true,
      acts: [{ label: words.say("interrupted.resume"), primary: true, act: () => void this.begin(this.lost) }],
    });
  }

  listed() {
    this.draw();
    if (this.lost && this.microphones.some(({ id }) => id === this.lost)) void this.begin(this.lost);
  }

  draw() {
    const { words, on } = this;
    const { microphones } = this;
    const track = on ? this.context.aux.tracks["aux-audio"] : null;
    this.which.fill(microphones);
    write(this.hint, words.say(microphones.length > 1 || on ? "auscultation.hint" : "auscultation.none"));
    this.button.disabled = this.asking || (!on && microphones.length === 0);
    this.button.classList.toggle("td-btn-primary", !on);
    write(this.button, words.say(on ? "auscultation.stop" : "auscultation.start"));
    const settings = track?.getSettings() ?? {};
    const kept = track ? treatments(settings) : [];
    this.treated.hidden = kept.length === 0;
    const what = kept.map((each) => words.say(`auscultation.treated.${each}`)).join(", ");
    write(this.treatedText, words.say("auscultation.treated.text", { what }));
    const rate = ((settings.sampleRate ?? 48_000) / 1000).toLocaleString(words.locale, { maximumFractionDigits: 1 });
    write(this.sent, track ? words.count("auscultation.sent", settings.channelCount ?? 1, { rate }) : "");
    this.show(track);
  }

  /** @param {MediaStreamTrack | null} track whose curve is drawn */
  show(track) {
    if (track === this.drawn) return;
    this.drawn = track;
    this.curve.follow(null);
    void this.sound?.close().catch(() => undefined);
    this.sound = track ? new AudioContext() : null;
    this.curve.element.hidden = !track;
    if (!track || !this.sound) return;
    void this.sound.resume().catch(() => undefined);
    const analyser = this.sound.createAnalyser();
    this.sound.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    this.curve.follow(analyser);
  }
}
