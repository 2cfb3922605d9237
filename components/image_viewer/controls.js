// @ts-check
/** What stands around the picture: tools, windows by name, sliders with their field, the clock, facts and notices. */

import { h, icon, speaker } from "./dom.js";

/**
 * A slider, its number field and what is said of it.
 * @param {Record<string, string>} labels
 * @param {{name: string, min: number, max: number, step: number, unit: string, field: boolean}} kind
 * @param {(now: number) => void} act
 * @param {(now: number) => string} said
 */
export function slider(labels, kind, act, said) {
  const { name, min, max, step } = kind;
  const range = /** @type {HTMLInputElement} */ (
    h("input", { type: "range", "aria-label": labels[name], min, max, step, oninput: () => act(Number(range.value)) })
  );
  const field = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "number",
      "aria-label": labels[`${name}_value`],
      step,
      onchange: () => act(Number(field.value)),
    })
  );
  const text = h("span");
  const value = h("span", { class: "val" }, kind.field ? field : null, text);
  const busy = () => {
    const root = field.getRootNode();
    return root instanceof ShadowRoot && root.activeElement === field;
  };
  return {
    element: h("div", { class: "sld" }, h("span", { "aria-hidden": "true" }, labels[name]), range, value),
    set(/** @type {number} */ now) {
      range.value = String(now);
      const share = (Math.min(max, Math.max(min, now)) - min) / (max - min || 1);
      range.style.setProperty("--at", `${100 * share}%`);
      text.textContent = kind.field ? kind.unit : said(now);
      range.setAttribute("aria-valuetext", said(now));
      if (!busy()) field.value = String(Math.round(now * 100) / 100);
    },
  };
}

/**
 * Buttons of the tool bar: those that stay pressed (`lasting`), and those that act at once.
 * @param {Record<string, string>} labels
 * @param {string[]} lasting
 * @param {(name: string) => void} choose
 * @param {[string, () => void][]} acts
 */
export function toolBar(labels, lasting, choose, acts) {
  const button = (/** @type {string} */ name, /** @type {() => void} */ act, /** @type {string | null} */ pressed) =>
    h(
      "button",
      { type: "button", class: "tl", "aria-pressed": pressed, onclick: act },
      icon(name),
      h("span", {}, labels[name]),
    );
  const chosen = lasting.map((name) => button(name, () => choose(name), "false"));
  const others = acts.map(([name, act]) => button(name, act, null));
  return {
    element: h("div", { class: "tools", role: "toolbar", "aria-label": labels.tools }, ...chosen, ...others),
    set(/** @type {string} */ tool) {
      chosen.forEach((node, i) => node.setAttribute("aria-pressed", String(lasting[i] === tool)));
    },
  };
}

/**
 * Windows by their name.
 * @param {Record<string, string>} labels
 * @param {[string, number, number][]} presets name, level, window
 * @param {(look: {level: number, window: number}) => void} act
 */
export function presetChips(labels, presets, act) {
  const chips = presets.map(([name, level, window]) =>
    h("button", { type: "button", class: "chip", onclick: () => act({ level, window }) }, name),
  );
  return {
    element: h("div", { class: "chips", role: "group", "aria-label": labels.presets }, ...chips),
    set(/** @type {number} */ level, /** @type {number} */ window) {
      chips.forEach((chip, i) => {
        chip.setAttribute("aria-pressed", String(presets[i][1] === level && presets[i][2] === window));
      });
    },
  };
}

/**
 * Play and stop, and how fast.
 * @param {Record<string, string>} labels
 * @param {number} pace
 * @param {() => void} toggle
 * @param {(pace: number) => void} faster
 */
export function clock(labels, pace, toggle, faster) {
  const words = speaker(labels);
  const paces = [...new Set([2, 5, 10, 15, 25, Math.round(pace)])].sort((a, b) => a - b);
  const button = h("button", { type: "button", class: "chip", onclick: toggle });
  const choice = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { "aria-label": labels.pace, onchange: () => faster(Number(choice.value)) },
      ...paces.map((each) => h("option", { value: each }, words("pace_of", { pace: each }))),
    )
  );
  choice.value = String(Math.round(pace));
  return {
    element: h("div", { class: "clock" }, button, choice),
    set(/** @type {boolean} */ running) {
      button.replaceChildren(icon(running ? "stop" : "play"), running ? labels.stop : labels.play);
      button.setAttribute("aria-pressed", String(running));
    },
  };
}

/**
 * What must be said before anybody looks: another name in the file, a name in the pixels.
 * @param {any} info
 */
export function noticesOf(info) {
  const lines = (info.notices || []).map((/** @type {string} */ text) =>
    h("p", {}, icon("warning"), h("span", {}, text)),
  );
  return h("div", { class: "notices", role: "alert", hidden: !lines.length }, ...lines);
}

/**
 * « Informations »: a list that opens over the picture.
 * @param {Record<string, string>} labels
 * @param {any} info
 * @param {() => void} close
 */
export function factsOf(labels, info, close) {
  const lines = (info.facts || []).flatMap((/** @type {[string, string]} */ [label, value]) => [
    h("dt", {}, label),
    h("dd", {}, value),
  ]);
  const shut = h("button", { type: "button", class: "chip", onclick: close }, labels.close);
  const leave = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close();
  const look = { class: "facts", "aria-label": labels.facts, hidden: true, onkeydown: leave };
  return h("section", look, shut, h("dl", {}, ...lines));
}
