// @ts-check
/**
 * Where pages come from: the document's routes, or the component's own channel where there are none (a notebook).
 *
 * @typedef {{pages: number[][], text: boolean}} Info
 * @typedef {{width: number, words: [number, number, number, number, string][]}} Words
 * @typedef {{page: number, boxes: number[][]}} Place
 * @typedef {object} Source
 * @property {() => Promise<Info>} info
 * @property {(page: number, width: number, ahead?: boolean) => string | Promise<string>} image an address for an `<img>`; `ahead`: nobody looks at it yet
 * @property {(page: number, signal: AbortSignal) => Promise<Words>} words
 * @property {(text: string, signal: AbortSignal) => Promise<Place[]>} search
 * @property {() => Promise<{href: string, name: string}>} content
 * @property {(first: number, last: number) => Promise<void>} printing these pages are about to be printed
 * @property {() => void} close
 */

import { asking, Refusal } from "../_shared/asking.js";

/** @param {string} base @returns {Source} */
export function routes(base) {
  const leaving = new AbortController();
  /** @param {string} path @param {RequestInit} [options] */
  const ask = async (path, options = {}) => {
    const headers = { Accept: "application/json" };
    const answer = await fetch(base + path, { signal: leaving.signal, headers, ...options });
    if (answer.status === 204) return null;
    if (answer.ok) return answer.json();
    const told = await answer.json().catch(() => ({}));
    throw told.message ? new Refusal(told.message) : new Error(String(answer.status));
  };
  return {
    info: () => ask("/infos"),
    image: (page, width, ahead) => `${base}/pages/${page}.webp?l=${width}${ahead ? "&avance=1" : ""}`,
    words: (page, signal) => ask(`/pages/${page}/mots`, { signal }),
    search: (text, signal) => ask(`/recherche?q=${encodeURIComponent(text)}`, { signal }),
    content: async () => ({ href: `${base}?enregistrer=1`, name: "" }),
    printing: (first, last) => ask("/impression", { method: "POST", body: JSON.stringify({ first, last }) }),
    close: () => leaving.abort(),
  };
}

/** @param {any} model @returns {Source} */
export function channel(model) {
  const { ask, close } = asking(model);
  /** @type {string[]} */
  const addresses = [];
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
    printing: async () => {},
    close: () => {
      close();
      for (const each of addresses) URL.revokeObjectURL(each);
    },
  };
}
