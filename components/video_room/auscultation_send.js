/**
 * A stethoscope as second microphone: nothing of the voice's treatment, the whole band, both channels where it has two. What the
 * browser did not obey is said: a heart sound lies between 20 and 200 Hz, where a voice has nothing to lose.
 */
import { Curve } from "./auscultation_curve.js";
import { h, icon, write } from "./dom.js";
import { OwnSource } from "./own_source.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {"echoCancellation" | "noiseSuppression" | "autoGainControl"} Treatment */

/** @type {readonly Treatment[]} */
const TREATMENTS = ["echoCancellation", "noiseSuppression", "autoGainControl"];

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

export class Sending extends OwnSource {
  /** @param {Context} context */
  constructor(context) {
    super(context, "auscultation", "audio");
    const { words } = context;
    this.curve = new Curve(words.say("auscultation.own"), "wave");
    /** @type {AudioContext | null} of the curve */
    this.sound = null;
    /** @type {MediaStreamTrack | null} */
    this.drawn = null;
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
    this.draw();
  }

  stop() {
    super.stop();
    this.show(null);
  }

  shown() {
    void this.context.devices.refresh();
    void this.sound?.resume().catch(() => undefined);
  }

  /** Those that are not the voice's come first; that one may be the only one. */
  get choices() {
    const { devices, taken } = this;
    const own = devices.filter(({ id }) => id === taken);
    return [
      ...devices.filter(({ id }) => id !== taken),
      ...own.map(({ id, name }) => ({ id, name: this.words.say("auscultation.same", { name }) })),
    ];
  }

  wish() {
    return UNTREATED;
  }

  draw() {
    const { words, on } = this;
    const { choices } = this;
    const track = on ? this.context.aux.tracks["aux-audio"] : null;
    this.which.fill(choices);
    write(this.hint, words.say(choices.length > 1 || on ? "auscultation.hint" : "auscultation.none"));
    this.button.disabled = this.asking || (!on && choices.length === 0);
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
