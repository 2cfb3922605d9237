/**
 * The live curve of a sound: its form over the last five seconds, or its frequencies from 20 Hz to 2 kHz. Drawn with the
 * pictures of the screen, and only while somebody can see it.
 */
import { h } from "./dom.js";

/** @typedef {"wave" | "spectrum"} Kind */

const SECONDS = 5;
/** Of the analyser: 6 Hz for each line of the spectrum at 48 kHz. */
const WINDOW = 8192;
const LOWEST = 20;
const HIGHEST = 2000;
const QUIETEST = -100;
const LOUDEST = -10;
/** Lines of the grid, in Hz. */
const GRID = [20, 50, 100, 200, 500, 1000, 2000];
const RATIO = 2;

export class Curve {
  /**
   * @param {string} label
   * @param {Kind} kind
   */
  constructor(label, kind) {
    this.kind = kind;
    this.element = h("canvas", { class: "td-curve", role: "img", "aria-label": label });
    this.brush = /** @type {CanvasRenderingContext2D} */ (this.element.getContext("2d"));
    /** @type {AnalyserNode | null} */
    this.analyser = null;
    this.samples = new Float32Array(WINDOW);
    /** The lowest and highest value of each column, the newest last. @type {[number, number][]} */
    this.columns = [];
    this.last = 0;
    this.owed = 0;
    this.frame = 0;
    this.drawn = 0;
    this.seen = false;
    this.watch = new IntersectionObserver(([entry]) => {
      this.seen = entry.isIntersecting;
      this.run();
    });
  }

  /** @param {AnalyserNode | null} analyser whose sound is drawn; none: nothing is */
  follow(analyser) {
    this.analyser = analyser;
    this.columns = [];
    this.last = 0;
    if (analyser) {
      analyser.fftSize = WINDOW;
      analyser.smoothingTimeConstant = 0.5;
      this.watch.observe(this.element);
    } else {
      this.seen = false;
      this.watch.disconnect();
    }
    this.run();
  }

  /** @param {Kind} kind */
  turn(kind) {
    this.kind = kind;
    this.columns = [];
  }

  run() {
    cancelAnimationFrame(this.frame);
    this.last = 0;
    if (this.seen && this.analyser) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  /** @param {number} now ms */
  draw(now) {
    const { analyser, element } = this;
    if (!analyser) return;
    this.drawn += 1;
    const [width, height] = [element.clientWidth * RATIO, element.clientHeight * RATIO];
    if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
    this.brush.clearRect(0, 0, width, height);
    const style = getComputedStyle(element);
    this.brush.lineWidth = RATIO;
    if (this.kind === "wave") this.wave(analyser, now, width, height, style);
    else this.spectrum(analyser, width, height, style);
    this.last = now;
    this.frame = requestAnimationFrame((next) => this.draw(next));
  }

  /**
   * @param {AnalyserNode} analyser
   * @param {number} now
   * @param {number} width
   * @param {number} height
   * @param {CSSStyleDeclaration} style
   */
  wave(analyser, now, width, height, style) {
    const rate = analyser.context.sampleRate;
    const perColumn = (SECONDS * rate) / Math.max(1, width);
    analyser.getFloatTimeDomainData(this.samples);
    this.owed += this.last ? Math.min(WINDOW, ((now - this.last) / 1000) * rate) : 0;
    const count = Math.floor(this.owed / perColumn);
    this.owed -= count * perColumn;
    for (let column = count; column > 0; column -= 1) {
      const from = Math.max(0, WINDOW - Math.ceil(column * perColumn));
      const part = this.samples.subarray(from, Math.min(WINDOW, from + Math.ceil(perColumn)));
      let [low, high] = [0, 0];
      for (const value of part) [low, high] = [Math.min(low, value), Math.max(high, value)];
      this.columns.push([low, high]);
    }
    if (this.columns.length > width) this.columns.splice(0, this.columns.length - width);
    // A heart is quiet: the curve grows to what it hears.
    const loudest = this.columns.reduce((most, [low, high]) => Math.max(most, -low, high), 0.02);
    const middle = height / 2;
    this.brush.strokeStyle = style.borderTopColor;
    this.line([[0, middle], [width, middle]]);
    this.brush.fillStyle = style.color;
    this.columns.forEach(([low, high], at) => {
      const x = width - this.columns.length + at;
      const top = middle - (high / loudest) * middle * 0.95;
      this.brush.fillRect(x, top, 1, Math.max(1, ((high - low) / loudest) * middle * 0.95));
    });
  }

  /**
   * @param {AnalyserNode} analyser
   * @param {number} width
   * @param {number} height
   * @param {CSSStyleDeclaration} style
   */
  spectrum(analyser, width, height, style) {
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const step = analyser.context.sampleRate / analyser.fftSize;
    /** @param {number} hertz */
    const across = (hertz) => (Math.log(hertz / LOWEST) / Math.log(HIGHEST / LOWEST)) * width;
    this.brush.strokeStyle = style.borderTopColor;
    this.brush.fillStyle = style.outlineColor;
    this.brush.font = `${11 * RATIO}px ${style.fontFamily}`;
    for (const hertz of GRID) {
      this.line([[across(hertz), 0], [across(hertz), height]]);
      if (hertz < HIGHEST) this.brush.fillText(String(hertz), across(hertz) + 2 * RATIO, height - 3 * RATIO);
    }
    this.brush.strokeStyle = style.color;
    /** @type {[number, number][]} */
    const points = [];
    for (let bin = Math.floor(LOWEST / step); bin * step <= HIGHEST; bin += 1) {
      const level = (levels[bin] - QUIETEST) / (LOUDEST - QUIETEST);
      points.push([across(Math.max(LOWEST, bin * step)), height * (1 - Math.min(1, Math.max(0, level)))]);
    }
    this.line(points);
  }

  /** @param {[number, number][]} points */
  line(points) {
    this.brush.beginPath();
    points.forEach(([x, y], at) => (at ? this.brush.lineTo(x, y) : this.brush.moveTo(x, y)));
    this.brush.stroke();
  }
}
