// @ts-check
/**
 * A press acts on what was pressed, though the page moves under the hand. A plain script of our pages.
 *
 * What was pressed may be drawn anew before the release: browsers drop such a click, since its element is gone, and lists are
 * drawn whenever the server knows something new. And what was pressed may have gone before the second half of a double click:
 * that half would act on what has slid to its place, such as the next person who waits to be admitted.
 */
(() => {
  "use strict";

  const STILL = 10; // px: farther is no click
  const TAP = 80; // ms after which a browser that clicks on what lies under the finger now, whatever it is, has done so

  /** @type {{control: HTMLElement, x: number, y: number} | null} */
  let pressed = null;
  /** @type {{control: HTMLElement, act: () => void, timer: ReturnType<typeof setTimeout>} | null} by a finger, and gone since */
  let tapped = null;
  /** @type {HTMLElement | undefined} */
  let clicked;

  /** @param {Event} event @returns {HTMLElement | undefined} the link or button under it */
  function controlUnder(event) {
    const control = event.composedPath().find((node) => node instanceof HTMLElement && node.matches("a[href], button"));
    return control instanceof HTMLElement ? control : undefined;
  }

  /** @param {PointerEvent} event */
  function press(event) {
    const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    const control = plain ? controlUnder(event) : undefined;
    pressed = control ? { control, x: event.clientX, y: event.clientY } : null;
  }

  /** @param {PointerEvent} event */
  function release(event) {
    const was = pressed;
    pressed = null;
    if (!was || was.control.isConnected || Math.hypot(event.clientX - was.x, event.clientY - was.y) > STILL) return;
    const under = controlUnder(event);
    const { control } = was;
    const act = () => {
      tapped = null;
      if (under?.isEqualNode(control)) under.click();
      else if (control instanceof HTMLAnchorElement) follow(control);
    };
    if (event.pointerType === "touch") tapped = { control, act, timer: setTimeout(act, TAP) };
    else act();
  }

  /** Where a link leads that was pressed, whatever lies there now. @param {HTMLAnchorElement} link */
  function follow(link) {
    const again = /** @type {HTMLAnchorElement} */ (link.cloneNode(true));
    again.hidden = true;
    document.body.append(again); // in the page, so that `page.js` hears of it
    again.click();
    again.remove();
  }

  /** @param {MouseEvent} event */
  function click(event) {
    const control = controlUnder(event);
    const meant = event.isTrusted ? tapped : null;
    if (meant) {
      clearTimeout(meant.timer);
      tapped = null;
      if (!control?.isEqualNode(meant.control)) {
        swallow(event);
        return meant.act();
      }
    }
    const anew = control && clicked && !clicked.isConnected && control.isEqualNode(clicked); // by the first click
    if (event.detail < 2 || control === clicked || anew) clicked = control;
    else if (control) swallow(event);
  }

  /** @param {Event} event */
  function swallow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  document.addEventListener("click", click, true);
  document.addEventListener("pointerdown", press, true);
  document.addEventListener("pointerup", release, true);
  document.addEventListener("pointercancel", () => (pressed = null), true);
})();
