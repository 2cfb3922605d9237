// @ts-check
/** Requests in a line: few at once, what matters most first, and what nobody wants any more is not asked for. */

/** @typedef {{rank: number, signal: AbortSignal, begin: () => void}} Waiting */

export class Line {
  /** @param {number} atOnce */
  constructor(atOnce) {
    this.atOnce = atOnce;
    this.under = 0;
    /** @type {Waiting[]} */
    this.waiting = [];
  }

  /**
   * Do some work in its turn; rejects with an AbortError when `signal` says so first.
   * @template T
   * @param {() => Promise<T>} work @param {number} rank the lowest goes first @param {AbortSignal} signal
   * @returns {Promise<T>}
   */
  add(work, rank, signal) {
    return new Promise((done, failed) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        this.under += 1;
        work().then(done, failed).finally(() => {
          this.under -= 1;
          this.next();
        });
      };
      const mine = { rank, signal, begin };
      const leave = () => {
        this.waiting = this.waiting.filter((each) => each !== mine);
        failed(signal.reason);
      };
      if (signal.aborted) return failed(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      this.waiting.push(mine);
      this.next();
    });
  }

  next() {
    if (this.under >= this.atOnce || !this.waiting.length) return;
    const first = this.waiting.reduce((best, each) => (each.rank < best.rank ? each : best));
    this.waiting.splice(this.waiting.indexOf(first), 1);
    first.begin();
  }
}
