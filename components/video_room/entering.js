/**
 * The first moment in a call, in this order: how the lines are to be, the first picture, and all that stands around it. What is
 * drawn earlier holds up what comes later.
 */

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

/** So long one sees the others where one saw oneself; then the rest of the call is drawn, whether they have come or not. */
const AT_LAST = 300;

/**
 * Somebody's picture is there, or nobody sends one, or it takes too long.
 * @param {import("./call.js").Call} call
 * @param {import("./tiles.js").Tiles} tiles
 * @returns {Promise<unknown>}
 */
export const pictured = (call, tiles) => {
  const expected = call.state === "inside" && [...call.people.values()].some(({ camera }) => camera);
  return Promise.race([tiles.pictured, new Promise((go) => setTimeout(go, expected ? AT_LAST : 0))]);
};
