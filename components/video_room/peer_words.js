/**
 * Words between the pages of a call, over the data channel: one JSON text `{t, n, …}` each, `n` counting up per page. They
 * go by every way that is open, so each may arrive twice. Nothing of them carries authority: whose they are is told by the
 * link or by the unit, never by the text, and whatever needs a right goes by the server. What is too long, too fast,
 * unknown or out of range is dropped without a word.
 */

/** @typedef {{t: string, n: number, [field: string]: any}} PeerWord */
/** @typedef {{level: number, stamp: number}} Bucket */

/** Characters of an ordinary word, and of one that carries a line drawn by hand. */
const LONGEST = { word: 1024, stroke: 8192 };
/** A page may say so many a second; a little more is heard, because a line may hold some back. */
const SAID = { rate: 12, burst: 24 };
const HEARD = { rate: 20, burst: 60 };
/** So many numbers of a page are remembered, to drop what came by another way before. */
const MEMORY = 128;
const MOST_POINTS = 40;

/** @param {unknown} value a part of the width or height */
const isPart = (value) => typeof value === "number" && value >= 0 && value <= 1;
/** @param {unknown} value of a thing that the server announced, or a stroke */
const isId = (value) => typeof value === "string" && /^[\w.:-]{1,64}$/.test(value);

/** Every word there is, and when it is well made. @type {Readonly<Record<string, (word: PeerWord) => boolean>>} */
const WORDS = Object.freeze({
  seen: ({ route }) => route === "direct" || route === "unit",
  point: ({ on, x, y }) => isId(on) && isPart(x) && isPart(y),
  stroke: ({ on, id, colour, points }) => isId(on) && isId(id) && isColour(colour) && arePoints(points),
  undo: ({ on }) => isId(on),
  clear: ({ on }) => isId(on),
  hold: ({ on }) => isId(on),
});

/** @param {unknown} colour one of a handful, by number */
function isColour(colour) {
  return Number.isInteger(colour) && Number(colour) >= 0 && Number(colour) < 8;
}

/** @param {unknown} points `[[x, y], …]` */
function arePoints(points) {
  if (!Array.isArray(points) || points.length === 0 || points.length > MOST_POINTS) return false;
  return points.every((point) => Array.isArray(point) && point.length === 2 && point.every(isPart));
}

/** Of this page, whichever call. */
let count = 0;

/** Says words within the limits; what is heard of each page is checked. */
export class PeerWords {
  constructor() {
    /** @type {Bucket} */
    this.said = { level: SAID.burst, stamp: 0 };
    /** @type {Map<string, {bucket: Bucket, numbers: Set<number>}>} */
    this.heard = new Map();
  }

  /**
   * The text of a word.
   * @param {{t: string, [field: string]: any}} word
   * @param {number} now ms
   * @returns {string | null} null: too soon after many others, or nobody would take it
   */
  write(word, now) {
    const whole = { ...word, n: count };
    const text = JSON.stringify(whole);
    if (!isKnown(whole, text) || !take(this.said, SAID, now)) return null;
    count += 1;
    return text;
  }

  /**
   * @param {string} from id of the participant, as the way itself tells it
   * @param {string} text
   * @param {number} now ms
   * @returns {PeerWord | null} null: nothing to hear
   */
  read(from, text, now) {
    const known = this.heard.get(from) ?? { bucket: { level: HEARD.burst, stamp: now }, numbers: new Set() };
    this.heard.set(from, known);
    if (text.length > LONGEST.stroke) return null;
    const word = parsed(text);
    if (!word || known.numbers.has(word.n) || !take(known.bucket, HEARD, now) || !isKnown(word, text)) return null;
    known.numbers.add(word.n);
    for (const first of known.numbers) {
      if (known.numbers.size <= MEMORY) break;
      known.numbers.delete(first);
    }
    return word;
  }

  /** @param {string} id who has left */
  forget(id) {
    this.heard.delete(id);
  }
}

/**
 * @param {PeerWord} word
 * @param {string} text
 */
function isKnown(word, text) {
  const isWell = Object.hasOwn(WORDS, word.t) && WORDS[word.t];
  return isWell && text.length <= (word.t === "stroke" ? LONGEST.stroke : LONGEST.word) && isWell(word);
}

/**
 * @param {string} text
 * @returns {PeerWord | null}
 */
function parsed(text) {
  try {
    const word = JSON.parse(text);
    return typeof word?.t === "string" && Number.isSafeInteger(word.n) && word.n >= 0 ? word : null;
  } catch {
    return null;
  }
}

/**
 * @param {Bucket} bucket
 * @param {{rate: number, burst: number}} limit
 * @param {number} now ms
 */
function take(bucket, { rate, burst }, now) {
  bucket.level = Math.min(burst, bucket.level + ((now - bucket.stamp) / 1000) * rate);
  bucket.stamp = now;
  if (bucket.level < 1) return false;
  bucket.level -= 1;
  return true;
}
