// @ts-check
/**
 * Frames as they come: fetched by number, kept up to so many bytes, their neighbours before they are asked for. And the
 * clock that turns them (« ciné »), which waits for a frame rather than leave one out.
 */

const CACHE_BYTES = 192e6;
const AHEAD = 2, AHEAD_PLAYING = 6;
const MOST_COMING = 6;
const PATIENCE_MS = 250;

export class Frames {
  /**
   * @param {any} model the component, for its channel and address
   * @param {number} first the frame wanted first
   * @param {{shown: () => void, late: (frame: number) => void, failed: (frame: number) => void}} tell
   */
  constructor(model, first, tell) {
    this.model = model;
    this.info = model.info;
    this.last = this.info.frames - 1;
    this.tell = tell;
    this.wanted = first;
    this.shown = -1;
    this.playing = false;
    /** @type {Map<number, Uint16Array>} */
    this.kept = new Map();
    this.controller = new AbortController(); // of the attempt at the frame that is wanted, for as long as it lasts
    this.life = new AbortController(); // of the component
    /** @type {Set<number>} frames on their way beforehand */
    this.coming = new Set();
    model.on("msg:custom", (/** @type {any} */ message) => {
      const raw = atob(message.pixels), bytes = new Uint8Array(raw.length);
      for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
      this.keep(message.frame, bytes.buffer);
    });
  }

  /** The numbers of the frame in view. */
  numbers() {
    return this.kept.get(this.shown);
  }

  /** @param {number} frame */
  async show(frame) {
    this.wanted = Math.min(this.last, Math.max(0, frame));
    this.controller.abort();
    if (this.kept.has(this.wanted)) {
      this.arrived();
      return;
    }
    const wanted = this.wanted, here = (this.controller = new AbortController());
    const patience = window.setTimeout(() => this.tell.late(wanted), PATIENCE_MS);
    here.signal.addEventListener("abort", () => window.clearTimeout(patience));
    if (!this.model.source) {
      this.model.send_msg({ frame: wanted });
      return;
    }
    try {
      this.keep(wanted, await this.fetched(wanted, here.signal));
    } catch {
      if (here.signal.aborted) return;
      here.abort(); // over: nothing is loading any more
      this.tell.failed(wanted);
    }
  }

  /** @param {number} frame @param {AbortSignal} signal */
  async fetched(frame, signal) {
    const answer = await fetch(`${this.model.source}/${frame}`, { signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.arrayBuffer();
  }

  /** @param {number} frame @param {ArrayBuffer} bytes */
  keep(frame, bytes) {
    if (bytes.byteLength !== this.info.rows * this.info.columns * 2) throw new Error("length");
    this.kept.set(frame, new Uint16Array(bytes));
    const most = Math.max(8, Math.floor(CACHE_BYTES / bytes.byteLength));
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most) break;
      if (old !== this.shown && old !== this.wanted) this.kept.delete(old);
    }
    if (frame === this.wanted && this.shown !== frame) this.arrived();
  }

  arrived() {
    this.controller.abort();
    this.shown = this.wanted;
    this.tell.shown();
    this.ahead();
  }

  ahead() {
    const far = this.playing ? AHEAD_PLAYING : AHEAD;
    for (let step = 1; step <= far; step++) {
      const before = this.shown - step, after = (this.shown + step) % (this.last + 1);
      for (const next of this.playing ? [after] : [this.shown + step, before]) {
        if (next >= 0 && next <= this.last && !this.kept.has(next)) this.before(next);
      }
    }
  }

  /** Fetch a frame that nobody has asked for yet; whether it comes does not matter. @param {number} frame */
  before(frame) {
    if (!this.model.source) {
      this.model.send_msg({ frame });
      return;
    }
    if (this.coming.has(frame) || this.coming.size >= MOST_COMING) return;
    this.coming.add(frame);
    this.fetched(frame, this.life.signal)
      .then((bytes) => this.keep(frame, bytes))
      .catch(() => {})
      .finally(() => this.coming.delete(frame));
  }

  /** Want what is in view, and nothing that is on its way. */
  stay() {
    if (this.shown < 0) return;
    this.controller.abort();
    this.wanted = this.shown;
  }

  stop() {
    this.controller.abort();
    this.life.abort();
  }
}

export class Cine {
  /** @param {Frames} frames @param {number} pace frames a second @param {() => void} changed */
  constructor(frames, pace, changed) {
    this.frames = frames;
    this.pace = pace;
    this.changed = changed;
    this.timer = 0;
  }

  get running() {
    return this.timer !== 0;
  }

  /** By hand. A picture that changed after the stop would take away a measure that was begun on it. */
  toggle() {
    if (this.running) {
      this.frames.stay();
      this.stop();
    } else {
      this.frames.playing = true;
      this.tick();
      this.changed();
    }
  }

  tick() {
    this.timer = window.setTimeout(() => {
      const { frames } = this;
      if (frames.shown === frames.wanted) frames.show(frames.shown === frames.last ? 0 : frames.shown + 1);
      this.tick();
    }, 1000 / this.pace);
  }

  stop() {
    if (!this.running) return;
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.frames.playing = false;
    this.changed();
  }
}
