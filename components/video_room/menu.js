/** A button with a menu above it: opened by click or arrow, walked by arrows, closed by Escape, Tab or a press elsewhere. */
import { h, icon, roam, set } from "./dom.js";

/**
 * @param {string} label
 * @param {string} mark name of its icon
 * @param {() => HTMLElement[]} content drawn anew each time it opens; what can be chosen are buttons with `role="menuitem…"`
 * @param {() => void} [opening]
 */
export function menuButton(label, mark, content, opening = () => undefined) {
  const menu = h("div", { class: "td-menu", role: "menu", "aria-label": label, hidden: true });
  const button = h(
    "button",
    { type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false" },
    icon(mark, 18),
  );
  const element = h("span", { class: "td-menu-at" }, button, menu);

  /** @param {Event} event */
  const outside = (event) => {
    if (!event.composedPath().includes(element)) close(false);
  };
  /** @param {boolean} back put the focus where it was */
  const close = (back) => {
    menu.hidden = true;
    set(button, "aria-expanded", "false");
    removeEventListener("pointerdown", outside, true);
    if (back) button.focus();
  };
  const open = () => {
    opening();
    menu.replaceChildren(...content());
    menu.hidden = false;
    set(button, "aria-expanded", "true");
    addEventListener("pointerdown", outside, true);
    const first = menu.querySelector('[aria-checked="true"]') ?? menu.querySelector("button");
    if (first instanceof HTMLElement) first.focus();
  };
  /** Draw it anew while it is open; it keeps its focus. */
  const follow = () => {
    if (menu.hidden) return;
    const root = /** @type {Document | ShadowRoot} */ (menu.getRootNode());
    const at = Array.from(menu.querySelectorAll("button")).findIndex((each) => each === root.activeElement);
    menu.replaceChildren(...content());
    if (at >= 0) menu.querySelectorAll("button")[at]?.focus();
  };
  button.addEventListener("click", () => (menu.hidden ? open() : close(true)));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !menu.hidden) {
      event.stopPropagation();
      close(true);
    } else if (event.key === "Tab") close(false);
    else if (!menu.hidden) roam(menu, "button", event);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") open();
  });
  return { element, button, close, follow };
}
