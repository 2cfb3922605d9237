// @ts-check
/** Mouse, fingers, wheel and keyboard over the picture, told as what they mean. */

/** @typedef {{x: number, y: number}} Place in points of the screen, from the scene's upper left corner */
/**
 * @typedef {object} Acts
 * @property {() => string} tool the tool in hand
 * @property {(at: Place) => unknown} press
 * @property {(at: Place) => void} hover
 * @property {(at: Place | null) => void} release the end of a drag; null when it was broken off
 * @property {(dx: number, dy: number, tool: string) => void} drag
 * @property {(zoom: number, about: Place) => void} pinch by how much
 * @property {(dx: number, dy: number) => void} shift
 * @property {() => void} leave
 * @property {() => void} twice
 * @property {() => boolean} single whether there is one frame only
 * @property {(direction: number) => boolean} canTurn whether there is another frame that way
 * @property {(step: number) => void} turn by so many frames
 * @property {(key: string, shift: boolean) => boolean} key whether it meant something
 */

const WHEEL_STEP = 40;

/** @param {HTMLCanvasElement} canvas @param {Acts} acts */
export function listen(canvas, acts) {
  /** @type {Map<number, Place>} */
  const fingers = new Map();
  const place = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 1 && !event.button) acts.press(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event), before = fingers.get(event.pointerId);
    acts.hover(now);
    if (!before) return;
    const other = fingers.size === 2 ? [...fingers].find(([id]) => id !== event.pointerId)?.[1] : null;
    fingers.set(event.pointerId, now);
    const dx = now.x - before.x, dy = now.y - before.y;
    if (other) {
      acts.shift(dx / 2, dy / 2);
      const wide = Math.hypot(now.x - other.x, now.y - other.y);
      const was = Math.hypot(before.x - other.x, before.y - other.y) || 1;
      acts.pinch(wide / was, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else acts.drag(dx, dy, event.buttons === 4 ? "pan" : event.buttons === 2 ? "windowing" : acts.tool());
  });
  const up = (/** @type {PointerEvent} */ event) => {
    fingers.delete(event.pointerId);
    acts.release(event.type === "pointercancel" ? null : place(event));
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerleave", () => acts.leave());
  canvas.addEventListener("dblclick", () => acts.twice());
  canvas.addEventListener("wheel", wheel(acts, place), { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (acts.key(event.key, event.shiftKey)) event.preventDefault();
  });
}

/**
 * Frames by the wheel, zoom with Ctrl or where there is one frame; at either end the page scrolls on.
 * @param {Acts} acts
 * @param {(event: MouseEvent) => Place} place
 */
function wheel(acts, place) {
  let turned = 0;
  return (/** @type {WheelEvent} */ event) => {
    if (event.ctrlKey || acts.single()) {
      event.preventDefault();
      acts.pinch(Math.exp(-event.deltaY / 400), place(event));
      return;
    }
    if (!acts.canTurn(Math.sign(event.deltaY))) return;
    event.preventDefault();
    turned += event.deltaMode ? event.deltaY * WHEEL_STEP : event.deltaY;
    if (Math.abs(turned) < WHEEL_STEP) return;
    acts.turn(Math.sign(turned));
    turned = 0;
  };
}
