/** The first moment in a call: how the lines are to be comes before what is drawn, which would hold it up. */

/** A click is felt to be answered at once within so many ms. */
export const AT_ONCE = 120;

/**
 * Somebody's line is described, or nobody is there, or it takes too long.
 * @param {import("./call.js").Call} call
 * @returns {Promise<void>}
 */
export const described = (call) =>
  new Promise((go) => {
    const quiet = call.on("described", () => setTimeout(go));
    setTimeout(go, AT_ONCE);
    setTimeout(quiet, AT_ONCE);
  });
