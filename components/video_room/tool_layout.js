/** « Disposition »: who stands large, and what one can do with each picture. */
import { h, icon } from "./dom.js";
import { Layout, LAYOUTS } from "./layout.js";
import { TileTools } from "./tile_tools.js";

/** @typedef {import("./tools.js").Tool} Tool */
/** @typedef {import("./tile.js").Tile} Tile */

/** @type {Tool} */
export const layout = {
  name: "layout", place: "second",
  open: ({ view }) => view.turn("layout"),
  start: (context) => {
    const { words, tiles, view } = context;
    const chosen = new Layout();
    tiles.layout = chosen;
    const quiet = chosen.on("changed", () => tiles.arrange());
    const panel = choices(words, chosen);
    view.addPanel("layout", panel.element, { shown: panel.shown });
    /** @type {Map<string, TileTools>} */
    const dressed = new Map();
    /** @type {(tile: Tile, key: string) => void} */
    const dress = (tile, key) => {
      dressed.get(key)?.stop();
      dressed.set(key, new TileTools(words, chosen, tile, key));
    };
    for (const { tile, key } of tiles.entries) if (tile !== tiles.own) dress(tile, key);
    tiles.dress = dress;
    tiles.arrange();
    return () => {
      tiles.dress = null;
      quiet();
      panel.stop();
      for (const each of dressed.values()) each.stop();
    };
  },
};

/**
 * @param {import("./words.js").Words} words
 * @param {Layout} chosen
 */
function choices(words, chosen) {
  const rows = LAYOUTS.map((name) => {
    const input = h("input", { type: "radio", name: "td-layout", value: name, onchange: () => chosen.choose(name) });
    const text = h("span", {}, h("b", {}, words.say(`layout.${name}`)), h("small", {}, words.say(`layout.${name}.text`)));
    return { name, input, element: h("label", { class: "td-layout-row" }, input, icon(`layout-${name}`, 28), text) };
  });
  const rest = words.say("layout.pin.text");
  const group = h("div", { role: "radiogroup", "aria-label": words.say("panel.layout") });
  group.append(...rows.map(({ element }) => element));
  const draw = () => {
    for (const { name, input } of rows) input.checked = name === chosen.name;
  };
  draw();
  return {
    element: h("div", { class: "td-source" }, group, h("p", { class: "td-small" }, rest)),
    shown: () => rows.find(({ input }) => input.checked)?.input.focus(),
    stop: chosen.on("changed", draw),
  };
}
