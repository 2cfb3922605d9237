/** The document viewer's search and sheets without a browser: `node reader_rig.mjs SCENARIO` prints what came of it, as JSON. */
import { after, labels } from "./page_elements.mjs";

const PANE = 800; // px
const SHEET = 1000;

/** Tells what enters and leaves the view and its margin, as `scrollTo` says. */
class Observer {
  constructor(/** @type {(entries: any[]) => void} */ tell) {
    this.tell = tell;
    /** @type {any[]} */
    this.watched = [];
    this.inside = new Set();
  }

  observe(/** @type {any} */ node) {
    this.watched.push(node);
  }

  disconnect() {}

  /** @param {number} top @param {number} margin px */
  look(top, margin) {
    const entries = this.watched.flatMap((target) => {
      const isIntersecting = target.offsetTop < top + PANE + margin && target.offsetTop + SHEET > top - margin;
      if (isIntersecting === this.inside.has(target)) return [];
      if (isIntersecting) this.inside.add(target);
      else this.inside.delete(target);
      return [{ target, isIntersecting, boundingClientRect: { top: target.offsetTop - top } }];
    });
    if (entries.length) this.tell(entries);
  }

  /** The pane is in a tab that was left: nothing has a place. */
  hide() {
    this.tell([...this.inside].map((target) => ({ target, isIntersecting: false, boundingClientRect: { top: 0 } })));
    this.inside.clear();
  }
}
class Picture extends Element {
  constructor() {
    super("img");
  }

  async decode() {}
}
document.getSelection = () => null;
Object.assign(globalThis, { IntersectionObserver: Observer, ResizeObserver: Observer, Image: Picture, devicePixelRatio: 1 });
const { Sheets } = await import("../../components/document_viewer/sheets.js");
const { Finder } = await import("../../components/document_viewer/finder.js");

/** @param {number} count */
function reader(count) {
  const source = /** @type {any} */ ({ image: () => "x", words: async () => null });
  const sheets = new Sheets(source, labels, { onPage() {}, onRoom() {} });
  document.body.append(sheets.pane);
  Object.assign(sheets.pane, { clientHeight: PANE, clientWidth: 900, scrollHeight: count * SHEET });
  sheets.show({ text: false, pages: Array.from({ length: count }, () => [595, 842]) });
  sheets.sheets.forEach(({ node }, at) => Object.assign(node, { offsetTop: at * SHEET, offsetHeight: SHEET, offsetWidth: 700 }));
  return {
    sheets,
    async scrollTo(/** @type {number} */ top) {
      sheets.pane.scrollTop = top;
      sheets.scrolled();
      sheets.near.look(top, 0.6 * PANE);
      await after(0);
    },
    drawn: () => sheets.sheets.filter(({ leaf }) => leaf.querySelector("img")).map(({ page }) => page),
  };
}

/** A search whose answers wait. */
function search() {
  /** @type {((places: any[] | Promise<any>) => void)[]} */
  const answers = [];
  const source = /** @type {any} */ ({ search: () => new Promise((done) => answers.push(done)) });
  const shown = /** @type {any} */ ({
    page: 1, places: [], place: -1,
    found: (/** @type {any[]} */ places, /** @type {number} */ place) => Object.assign(shown, { places, place }),
  });
  const finder = new Finder(labels, { source: () => source, sheets: () => shown });
  const key = () => finder.field.happens("keydown", { key: "Enter", shiftKey: false });
  return {
    shown, finder, key,
    type(/** @type {string} */ text) {
      finder.field.value = text;
      key();
    },
    async answer(/** @type {any[] | Promise<any>} */ places) {
      answers.pop()?.(places);
      await after(0);
    },
  };
}
const places = (/** @type {string} */ name) => [1, 2, 3].map((page) => ({ name, page }));

/** @type {Record<string, () => Promise<any>>} */
const scenarios = {
  async enter_before_the_answer() {
    const { shown, finder, type, key, answer } = search();
    const seen = [];
    type("foie");
    await answer(places("foie"));
    type("rate");
    key();
    finder.next(1);
    seen.push([shown.places[0].name, shown.place]);
    await answer(places("rate"));
    seen.push([shown.places[0].name, shown.place]);
    key();
    seen.push([shown.places[0].name, shown.place]);
    return seen;
  },
  async another_document_while_searching() {
    const { shown, finder, type, answer } = search();
    type("foie");
    await answer(Promise.reject(new Error("line")));
    shown.found(places("reste"), 0);
    finder.next(1);
    const failed = shown.place;
    type("rate");
    finder.reset();
    shown.found(places("autre"), 0);
    finder.next(1);
    return [failed, shown.place];
  },
  async read_through() {
    const { sheets, scrollTo, drawn } = reader(40);
    let most = 0;
    let blank = 0;
    const read = async (/** @type {number} */ top) => {
      await scrollTo(top);
      most = Math.max(most, drawn().length);
      if (!drawn().includes(sheets.page)) blank += 1;
    };
    for (let top = 0; top <= 39 * SHEET; top += 400) await read(top);
    const end = drawn();
    for (let top = 39 * SHEET; top >= 20 * SHEET; top -= 400) await read(top);
    return { most, blank, end, page: sheets.page };
  },
  async jumped_and_hidden() {
    const { sheets, scrollTo, drawn } = reader(40);
    await scrollTo(0);
    await scrollTo(30 * SHEET);
    const there = drawn();
    sheets.near.hide();
    await after(0);
    return { there, hidden: drawn() };
  },
  async selected() {
    const { sheets, scrollTo, drawn } = reader(40);
    await scrollTo(0);
    const range = { collapsed: false, intersectsNode: (/** @type {any} */ node) => node === sheets.sheets[0].leaf };
    document.getSelection = /** @type {any} */ (() => ({ rangeCount: 1, getRangeAt: () => range }));
    for (let top = 0; top <= 20 * SHEET; top += 400) await scrollTo(top);
    return drawn();
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
