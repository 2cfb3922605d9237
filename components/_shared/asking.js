// @ts-check
/** Questions to Python over a component's own channel, where there are no routes: in a notebook. */

/** A refusal that the server said in words for people. */
export class Refusal extends Error {}

/**
 * @param {any} model
 * @returns {{ask: (what: string, more?: Record<string, any>) => Promise<any>, close: () => void}}
 */
export function asking(model) {
  let last = 0;
  /** @type {Map<number, {done: (value: any) => void, failed: (error: Error) => void}>} */
  const waiting = new Map();
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
  return {
    ask: (what, more = {}) =>
      new Promise((done, failed) => {
        last += 1;
        waiting.set(last, { done, failed });
        model.send_msg({ t: "ask", id: last, what, ...more });
      }),
    close: () => model.off("msg:custom", receive),
  };
}
