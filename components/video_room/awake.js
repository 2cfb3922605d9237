/** A telephone that goes to sleep in the waiting room misses the doctor: keep its screen on. */

/** @returns {() => void} let it sleep again */
export function stayAwake() {
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  let done = false;
  const ask = () => {
    if (document.hidden || done) return;
    navigator.wakeLock?.request("screen").then(
      (given) => {
        lock = given;
        if (done) void given.release();
      },
      () => undefined,
    );
  };
  ask();
  document.addEventListener("visibilitychange", ask);
  return () => {
    done = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release().catch(() => undefined);
  };
}
