/**
 * How fine a second camera is sent: the finest that the line carries at a pace at which one can guide a hand. One step
 * down when the line has kept the pictures too few for a while, one step up after a long quiet time; after a step up that
 * failed the next try waits longer.
 */

/** Lines of the picture, from fine to coarse. */
export const STEPS = [1080, 720, 480, 360];
/** Pictures a second below which a probe can't be guided. */
const PACE = 8;
/** ms */
const BAD_FOR = 4000;
const GOOD_FOR = 15_000;
const LONGEST = 240_000;

export class Fineness {
  /** @param {number} now ms */
  constructor(now) {
    this.step = 0;
    this.changed = now;
    this.badSince = 0;
    this.patience = GOOD_FOR;
    this.tried = false;
  }

  /** Height to ask of the camera. */
  get height() {
    return STEPS[this.step];
  }

  /**
   * @param {{pace: number, limited: boolean}} sent pictures a second, and whether the line (or the computer) holds them back
   * @param {number} now ms
   * @returns {boolean} ask the camera for another size
   */
  look({ pace, limited }, now) {
    const bad = limited && pace < PACE;
    if (!bad) this.badSince = 0;
    else this.badSince ||= now;
    if (bad && now - this.badSince >= BAD_FOR && this.step < STEPS.length - 1) {
      this.patience = this.tried ? Math.min(LONGEST, 2 * this.patience) : this.patience;
      return this.go(1, now);
    }
    if (!bad && this.step > 0 && now - this.changed >= this.patience) return this.go(-1, now);
    if (this.tried && now - this.changed > GOOD_FOR) {
      this.tried = false;
      this.patience = GOOD_FOR;
    }
    return false;
  }

  /**
   * @param {1 | -1} by
   * @param {number} now ms
   */
  go(by, now) {
    this.step += by;
    this.tried = by < 0;
    this.changed = now;
    this.badSince = 0;
    return true;
  }
}
