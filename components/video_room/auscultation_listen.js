/**
 * Listening to somebody's stethoscope: louder, in the band of a heart or of the lungs, with its curve. A limiter keeps what comes
 * back from a loudspeaker from growing, and without headphones the volume is bounded. Meanwhile the voice of whoever
 * holds the stethoscope is lowered, when the listener wants it so.
 */
import { Curve } from "./auscultation_curve.js";
import { h } from "./dom.js";
import { choice, slider, tick } from "./source_panel.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {import("./call.js").Person} Person */

/** dB, of the stethoscope's sound. */
const GAIN = { least: 0, usual: 6, bounded: 12, most: 30 };
const LOWERED = 0.2;
/** Hz; nothing is cut of the whole. @type {Record<string, [number, number]>} */
const BANDS = { whole: [0, 24_000], heart: [20, 200], lungs: [100, 1000] };
/** Nothing above this leaves, however loud (dBFS). */
const CEILING = { threshold: -9, knee: 0, ratio: 20, attack: 0.002, release: 0.25 };
const SOFTLY = 0.03;
/** dB at the edge of a band: no frequency is raised (the Q of these two filters is in dB). */
const FLAT = -3;

/** @param {number} decibels */
const factor = (decibels) => 10 ** (decibels / 20);

export class Listening {
  /**
   * @param {Context} context
   * @param {Person} person
   */
  constructor(context, person) {
    const { words, devices } = context;
    const { name } = person;
    this.context = context;
    this.id = person.id;
    this.silenced = false;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    /** @type {MediaStreamAudioSourceNode | null} */
    this.source = null;
    const sound = new AudioContext({ latencyHint: "interactive" });
    this.sound = sound;
    this.analyser = sound.createAnalyser();
    this.low = new BiquadFilterNode(sound, { type: "highpass", Q: FLAT, frequency: 0 });
    this.high = new BiquadFilterNode(sound, { type: "lowpass", Q: FLAT, frequency: BANDS.whole[1] });
    this.volume = new GainNode(sound, { gain: factor(GAIN.usual) });
    this.out = sound.createMediaStreamDestination();
    const limiter = new DynamicsCompressorNode(sound, CEILING);
    this.low.connect(this.high).connect(this.volume).connect(limiter).connect(this.out);
    this.low.connect(this.analyser);
    this.player = h("audio", { autoplay: true });
    this.player.srcObject = this.out.stream;

    this.curve = new Curve(words.say("auscultation.heard", { name }), "wave");
    this.kind = choice(words.say("auscultation.curve"), () =>
      this.curve.turn(this.kind.list.value === "spectrum" ? "spectrum" : "wave"),
    );
    this.kind.fill(
      /** @type {const} */ (["wave", "spectrum"]).map((id) => ({ id, name: words.say(`auscultation.curve.${id}`) })),
    );
    this.band = choice(words.say("auscultation.band"), () => this.filter());
    this.band.fill(Object.keys(BANDS).map((band) => ({ id: band, name: words.say(`auscultation.band.${band}`) })));
    const range = { min: GAIN.least, max: GAIN.bounded, step: 1, value: GAIN.usual };
    this.gain = slider(words.say("auscultation.gain"), range, () => this.loudness());
    this.headphones = tick(words.say("auscultation.casque"), () => this.bound());
    this.lower = tick(words.say("auscultation.lower", { name }), () => this.voice());
    this.lower.box.checked = true;
    this.warning = h("p", { class: "td-small" }, words.say("auscultation.headphones"));
    this.quiet = h("p", { class: "td-small", role: "status", hidden: true }, words.say("auscultation.silenced"));
    const bounded = h("p", { class: "td-small" }, words.say("auscultation.casque.text"));
    this.element = h(
      "section",
      { class: "td-source-one", "aria-label": words.say("auscultation.heard", { name }) },
      h("h4", {}, words.say("auscultation.heard", { name })),
      ...[this.warning, this.quiet, this.curve.element, this.gain.element, this.headphones.element, bounded],
      ...[this.lower.element, h("div", { class: "td-row" }, this.kind.element, this.band.element), this.player],
    );
    this.curve.follow(this.analyser);
    this.stops = [devices.on("speaker list", () => void devices.sound(this.player))];
    void devices.sound(this.player);
    this.bound();
    this.wake();
  }

  /** A browser waits for a gesture before it plays: opening the panel was one. */
  wake() {
    void this.sound.resume().catch(() => undefined);
    void this.player.play().catch(() => undefined);
  }

  stop() {
    for (const stop of this.stops) stop();
    this.curve.follow(null);
    this.source?.disconnect();
    this.player.srcObject = null;
    void this.sound.close().catch(() => undefined);
    this.playHere(false);
    this.context.tiles.byId.get(this.id)?.setVolume(1);
  }

  /** @param {Person} person the way may have changed, or who may speak */
  draw(person) {
    this.silenced = person.silenced === true;
    this.quiet.hidden = !this.silenced;
    const track = this.context.call.topology.aux(this.id, "auxAudio")?.receiver.track ?? null;
    if (track !== this.track) this.take(track);
    this.playHere(true);
    this.loudness();
    this.voice();
  }

  /** @param {MediaStreamTrack | null} track */
  take(track) {
    this.source?.disconnect();
    this.track = track;
    this.source = track && this.sound.createMediaStreamSource(new MediaStream([track]));
    this.source?.connect(this.low);
  }

  /** @param {boolean} here its tile is silent meanwhile */
  playHere(here) {
    const tile = this.context.tiles.aux.byId.get(this.id);
    if (!tile) return;
    tile.isPlayedElsewhere = here;
    tile.audio?.hush(here || this.silenced);
  }

  bound() {
    this.gain.input.max = String(this.headphones.box.checked ? GAIN.most : GAIN.bounded);
    this.loudness();
  }

  loudness() {
    const gain = this.gain.input.valueAsNumber;
    const wanted = this.silenced ? 0 : factor(gain);
    this.volume.gain.setTargetAtTime(wanted, this.sound.currentTime, SOFTLY);
    this.gain.tell(this.context.words.say("auscultation.decibels", { gain: `+${gain}` }));
  }

  filter() {
    const [from, to] = BANDS[this.band.list.value] ?? BANDS.whole;
    this.low.frequency.value = from;
    this.high.frequency.value = to;
  }

  voice() {
    this.context.tiles.byId.get(this.id)?.setVolume(this.lower.box.checked ? LOWERED : 1);
  }
}
