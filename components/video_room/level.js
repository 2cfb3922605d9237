/** Seeing one's own voice, and hearing one's own loudspeaker. */
import { h, set } from "./dom.js";

const QUIETEST = -58;
const LOUDEST = -14;
const EVERY = 70;

export class Level {
  /** @param {(level: number) => void} listener gets 0..1, about fourteen times a second */
  constructor(listener) {
    this.listener = listener;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {MediaStreamAudioSourceNode | null} */
    this.source = null;
    /** @type {AnalyserNode | null} */
    this.analyser = null;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    this.wake = () => void this.context?.resume().catch(() => undefined);
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    if (track === this.track) return;
    this.stop();
    this.track = track;
    if (!track || !window.AudioContext) {
      this.listener(0);
      return;
    }
    this.context = new AudioContext();
    this.wake();
    addEventListener("pointerdown", this.wake);
    this.analyser = this.context.createAnalyser();
    this.analyser.fftSize = 1024;
    this.source = this.context.createMediaStreamSource(new MediaStream([track]));
    this.source.connect(this.analyser);
    const samples = new Float32Array(this.analyser.fftSize);
    this.timer = setInterval(() => {
      this.analyser?.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
      const decibels = 10 * Math.log10(power || 1e-12);
      this.listener(Math.min(1, Math.max(0, (decibels - QUIETEST) / (LOUDEST - QUIETEST))));
    }, EVERY);
  }

  stop() {
    clearInterval(this.timer);
    removeEventListener("pointerdown", this.wake);
    this.source?.disconnect();
    void this.context?.close().catch(() => undefined);
    this.context = this.source = this.analyser = this.track = null;
  }
}

/**
 * A row of bars that fills with the voice.
 * @param {number} count
 * @param {string} label
 */
export function meter(count, label) {
  const marks = Array.from({ length: count }, () => h("i"));
  const element = h(
    "span",
    {
      class: "td-bars",
      role: "meter",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": 0,
    },
    ...marks,
  );
  let shown = -1;
  /** @param {number} level 0..1 */
  const show = (level) => {
    const lit = Math.round(level * count);
    if (lit === shown) return;
    shown = lit;
    marks.forEach((mark, at) => set(mark, "class", at < lit ? "td-on" : null));
    set(element, "aria-valuenow", Math.round(level * 100));
  };
  return { element, show };
}

/**
 * Three rising notes, through the chosen loudspeaker.
 * @param {(element: HTMLMediaElement) => Promise<void>} route
 */
export async function playNotes(route) {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const player = new Audio();
  player.srcObject = out.stream;
  await route(player);
  await player.play().catch(() => undefined);
  [523, 659, 784].forEach((pitch, at) => {
    const from = context.currentTime + 0.05 + at * 0.28;
    const note = context.createOscillator();
    const volume = context.createGain();
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.22, from + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.26);
    note.connect(volume).connect(out);
    note.start(from);
    note.stop(from + 0.27);
  });
  setTimeout(() => {
    player.srcObject = null;
    void context.close();
  }, 1300);
}
