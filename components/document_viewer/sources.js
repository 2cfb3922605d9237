// @ts-check
/**
 * Where pages come from: the document's routes, or the component's own channel where there are none (a notebook).
 *
 * @typedef {{pages: number[][], text: boolean}} Info
 * @typedef {{width: number, words: [number, number, number, number, string][]}} Words
 * @typedef {{page: number, boxes: number[][]}} Place
 * @typedef {object} Source
 * @property {() => Promise<Info>} info
 * @property {(page: number, width: number) => Promise<string>} image an address for an `<img>`
 * @property {(page: number) => Promise<Words>} words
 * @property {(text: string) => Promise<Place[]>} search
 * @property {() => Promise<{href: string, name: string}>} content
 * @property {() => void} close
 */

/** A refusal that the server said in words for people. */
export class Refusal extends Error {}

/** @param {string} base @param {string} kind @returns {Source} */
export function routes(base, kind) {
  const leaving = new AbortController();
  /** @param {string} path */
  const ask = async (path) => {
    const answer = await fetch(base + path, { signal: leaving.signal, headers: { Accept: "application/json" } });
    if (answer.ok) return answer.json();
    const told = await answer.json().catch(() => ({}));
    throw told.message ? new Refusal(told.message) : new Error(String(answer.status));
  };
  return {
    info: async () => {
      const told = await ask("/infos");
      return { pages: told.pages || [[told.width, told.height]], text: Boolean(told.text) };
    },
    image: async (page, width) => (kind === "pdf" ? `${base}/pages/${page}.webp?l=${width}` : `${base}/image?l=${width}`),
    words: (page) => ask(`/pages/${page}/mots`),
    search: (text) => ask(`/recherche?q=${encodeURIComponent(text)}`),
    content: async () => ({ href: `${base}?enregistrer=1`, name: "" }),
    close: () => leaving.abort(),
  };
}

/** @param {any} model @returns {Source} */
export function channel(model) {
  let last = 0;
  /** @type {Map<number, {done: (value: any) => void, failed: (error: Error) => void}>} */
  const waiting = new Map();
  /** @type {string[]} */
  const addresses = [];
  /** @param {any} event */
  const receive = (event) => {
    const { id, value, message } = event.data ?? event;
    const asked = waiting.get(id);
    if (!asked) return;
    waiting.delete(id);
    if (message === undefined) asked.done(value);
    else asked.failed(new Refusal(message));
  };
  model.on("msg:custom", receive);
  /** @param {string} what @param {Record<string, any>} [more] @returns {Promise<any>} */
  const ask = (what, more = {}) =>
    new Promise((done, failed) => {
      last += 1;
      waiting.set(last, { done, failed });
      model.send_msg({ t: "ask", id: last, what, ...more });
    });
  /** @param {BlobPart} content @param {string} [type] */
  const address = (content, type) => {
    addresses.push(URL.createObjectURL(new Blob([content], type ? { type } : {})));
    return addresses[addresses.length - 1];
  };
  return {
    info: () => ask("info"),
    image: async (page, width) => address(await ask("image", { page, width })),
    words: (page) => ask("words", { page }),
    search: (text) => ask("search", { text }),
    content: async () => {
      const { name, type, content } = await ask("content");
      return { href: address(content, type), name };
    },
    close: () => {
      model.off("msg:custom", receive);
      for (const each of addresses) URL.revokeObjectURL(each);
    },
  };
}
