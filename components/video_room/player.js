/**
 * One picture or one voice whose source may change while people look: the new source plays beneath, hidden or silent, and takes over
 * when its first picture is really there, or its sound flows. Never two voices at once, never none.
 */

/** @typedef {import("./sources.js").Kind} Kind */
/**
 * @typedef {object} PlayerEvents
 * @property {(track: MediaStreamTrack | null) => void} plays what is seen or heard from here on
 * @property {(now: number) => void} frame a picture was shown
 * @property {() => void} silent the browser waits for a gesture before it plays sound
 */

export class Player {
  /**
   * @param {Kind} kind
   * @param {() => HTMLMediaElement} make an element without source, not yet in the document
   * @param {PlayerEvents} events
   */
  constructor(kind, make, events) {
    this.kind = kind;
    this.make = make;
    this.events = events;
    /** What is seen or heard. */
    this.element = make();
    /** @type {MediaStreamTrack | null} its source */
    this.track = null;
    /** Something of its source has come. */
    this.flows = false;
    /** @type {HTMLMediaElement | null} plays beneath until it has something to show */
    this.next = null;
    /** @type {MediaStreamTrack | null} */
    this.awaited = null;
    this.quiet = kind === "video";
    this.element.muted = this.quiet;
    /** Elements of other windows that show the same, from the same decoder. @type {Set<HTMLVideoElement>} */
    this.sinks = new Set();
  }

  /**
   * Show it in one more element too, of another window. The page goes on as it was.
   * @param {HTMLVideoElement} sink
   * @returns {() => void} no longer
   */
  mirror(sink) {
    this.sinks.add(sink);
    this.feed(sink);
    return () => {
      this.sinks.delete(sink);
      sink.srcObject = null;
    };
  }

  /** @param {HTMLVideoElement} sink */
  feed(sink) {
    sink.srcObject = this.track && this.flows ? new MediaStream([this.track]) : null;
    if (sink.srcObject) sink.play().catch(() => undefined);
  }

  /** @param {MediaStreamTrack | null} track */
  play(track) {
    if (track === (this.next ? this.awaited : this.track)) return;
    this.dropNext();
    if (track === this.track) return;
    if (track && this.flows) {
      this.next = this.make();
      this.next.muted = true;
      this.awaited = track;
      this.element.before(this.next);
      this.start(this.next, track);
      return;
    }
    this.track = track;
    this.flows = false;
    if (track) this.start(this.element, track);
    else {
      this.element.srcObject = null;
      this.plays(null);
    }
  }

  /** @param {MediaStreamTrack | null} track is what is seen or heard from here on, everywhere */
  plays(track) {
    for (const sink of this.sinks) this.feed(sink);
    this.events.plays(track);
  }

  /** @param {boolean} quiet no sound of this person, from whichever source */
  hush(quiet) {
    if (this.kind === "audio") this.element.muted = this.quiet = quiet;
  }

  stop() {
    this.dropNext();
    this.element.srcObject = null;
    this.track = null;
    for (const sink of this.sinks) this.feed(sink);
  }

  /**
   * @param {HTMLMediaElement} element
   * @param {MediaStreamTrack} track
   */
  start(element, track) {
    element.srcObject = new MediaStream([track]);
    element.play().catch((error) => error.name === "NotAllowedError" && this.kind === "audio" && this.events.silent());
    if (this.kind === "audio") this.listen(element, track);
    else if (element instanceof HTMLVideoElement && "requestVideoFrameCallback" in element) this.watch(element, track);
    else element.addEventListener("playing", () => this.came(element, track), { once: true });
  }

  /**
   * @param {HTMLVideoElement} element
   * @param {MediaStreamTrack} track
   */
  watch(element, track) {
    /** @param {number} now */
    const shown = (now) => {
      if (this.sourceOf(element) !== track) return;
      this.came(element, track);
      this.events.frame(now);
      element.requestVideoFrameCallback(shown);
    };
    element.requestVideoFrameCallback(shown);
    // Nobody looks at a hidden page, and it shows no picture: what has been decoded is enough.
    element.addEventListener("loadeddata", () => document.hidden && this.came(element, track), { once: true });
  }

  /**
   * @param {HTMLMediaElement} element
   * @param {MediaStreamTrack} track
   */
  listen(element, track) {
    const check = () => {
      if (this.sourceOf(element) !== track) track.removeEventListener("unmute", check);
      else if (!track.muted && !element.paused && element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA)
        this.came(element, track);
    };
    track.addEventListener("unmute", check);
    element.addEventListener("playing", check);
    check();
  }

  /** @param {HTMLMediaElement} element */
  sourceOf(element) {
    return element === this.element ? this.track : element === this.next ? this.awaited : null;
  }

  /**
   * Something of `track` is really there.
   * @param {HTMLMediaElement} element
   * @param {MediaStreamTrack} track
   */
  came(element, track) {
    if (element === this.element) {
      if (!this.flows) {
        this.flows = true;
        this.plays(track);
      }
      return;
    }
    if (element !== this.next) return;
    const old = this.element;
    this.element = element;
    this.track = track;
    this.next = this.awaited = null;
    element.muted = this.quiet;
    old.muted = true;
    old.remove();
    old.srcObject = null;
    this.plays(track);
  }

  dropNext() {
    if (!this.next) return;
    this.next.remove();
    this.next.srcObject = null;
    this.next = this.awaited = null;
  }
}
