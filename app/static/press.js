// @ts-check
/**
 * A press holds when the page draws anew what was pressed, before the release. Browsers drop such a click, since its element
 * is gone; and lists are drawn whenever the server knows something new. A plain script of the page template.
 */
(() => {
  "use strict";

  const STILL = 10; // px: farther is no click

  /** @type {{control: HTMLElement, x: number, y: number} | null} */
  let pressed = null;

  /** @param {PointerEvent} event @returns {HTMLElement | undefined} the link or button under a plain press */
  function controlUnder(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return undefined;
    const control = event.composedPath().find((node) => node instanceof HTMLElement && node.matches("a[href], button"));
    return control instanceof HTMLElement ? control : undefined;
  }

  /** @param {PointerEvent} event */
  function press(event) {
    const control = controlUnder(event);
    pressed = control ? { control, x: event.clientX, y: event.clientY } : null;
  }

  /** @param {PointerEvent} event */
  function release(event) {
    const was = pressed;
    pressed = null;
    if (!was || was.control.isConnected || Math.hypot(event.clientX - was.x, event.clientY - was.y) > STILL) return;
    const under = controlUnder(event);
    if (under?.isEqualNode(was.control)) under.click();
    else if (was.control instanceof HTMLAnchorElement) follow(was.control);
  }

  /** Where a link leads that was pressed, whatever lies there now. @param {HTMLAnchorElement} link */
  function follow(link) {
    const again = /** @type {HTMLAnchorElement} */ (link.cloneNode(true));
    again.hidden = true;
    document.body.append(again); // in the page, so that `page.js` hears of it
    again.click();
    again.remove();
  }

  document.addEventListener("pointerdown", press, true);
  document.addEventListener("pointerup", release, true);
  document.addEventListener("pointercancel", () => (pressed = null), true);
})();
