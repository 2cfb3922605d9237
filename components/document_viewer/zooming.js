// @ts-check
/** Nearer and farther by hand: Ctrl and the wheel, or two fingers. */

const [LEAST, MOST] = [0.25, 4]; // as `zoom` on the Python side
const WHEEL = 300; // px of a wheel for a factor of e
const TOLD_MS = 200; // after the last move

/**
 * @param {HTMLElement} pane what is zoomed; one finger still scrolls it
 * @param {{zoom: () => number, to: (zoom: number, at: {x: number, y: number}) => void, done: () => void}} told
 */
export function zoomByHand(pane, told) {
  let waiting = 0;
  /** @type {{apart: number, zoom: number} | null} */
  let pinch = null;
  const to = (/** @type {number} */ zoom, /** @type {number} */ clientX, /** @type {number} */ clientY) => {
    const box = pane.getBoundingClientRect();
    told.to(Math.min(MOST, Math.max(LEAST, Math.round(zoom * 100) / 100)), { x: clientX - box.left, y: clientY - box.top });
    clearTimeout(waiting);
    waiting = window.setTimeout(told.done, TOLD_MS);
  };
  let wheeled = { zoom: 1, at: 0 }; // small turns add up, though the zoom is rounded
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    if (event.timeStamp - wheeled.at > 500) wheeled.zoom = told.zoom();
    const turned = event.deltaMode ? event.deltaY * 40 : event.deltaY;
    wheeled = { zoom: Math.min(MOST, Math.max(LEAST, wheeled.zoom * Math.exp(-turned / WHEEL))), at: event.timeStamp };
    to(wheeled.zoom, event.clientX, event.clientY);
  }, { passive: false });
  pane.addEventListener("touchmove", (event) => {
    if (event.touches.length !== 2) return;
    event.preventDefault();
    const [a, b] = [event.touches[0], event.touches[1]];
    const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    pinch ??= { apart: apart || 1, zoom: told.zoom() };
    to((pinch.zoom * apart) / pinch.apart, (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
  }, { passive: false });
  for (const end of ["touchend", "touchcancel", "touchstart"]) pane.addEventListener(end, () => { pinch = null; }, { passive: true });
}
