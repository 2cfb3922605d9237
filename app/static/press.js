// @ts-check
/**
 * A press on a link holds when the page draws it anew before the release. Browsers drop such a click, since what was pressed
 * is gone; and lists are drawn whenever the server knows something new. A plain script of the page template.
 */
(() => {
  "use strict";

  const STILL = 10; // px: farther is no click

  /** @type {{link: HTMLAnchorElement, x: number, y: number} | null} */
  let pressed = null;

  /** @param {PointerEvent} event */
  function linkUnder(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return undefined;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.href);
    return link instanceof HTMLAnchorElement ? link : undefined;
  }

  const from = (/** @type {PointerEvent} */ event) => {
    const link = linkUnder(event);
    pressed = link ? { link, x: event.clientX, y: event.clientY } : null;
  };

  const to = (/** @type {PointerEvent} */ event) => {
    const was = pressed;
    pressed = null;
    if (!was || was.link.isConnected || Math.hypot(event.clientX - was.x, event.clientY - was.y) > STILL) return;
    // What was meant, not what lies there now; in the page, so that `page.js` hears of it.
    const again = /** @type {HTMLAnchorElement} */ (was.link.cloneNode(true));
    again.hidden = true;
    document.body.append(again);
    again.click();
    again.remove();
  };

  document.addEventListener("pointerdown", from, true);
  document.addEventListener("pointerup", to, true);
  document.addEventListener("pointercancel", () => (pressed = null), true);
})();
