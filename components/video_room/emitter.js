/** The smallest way for one part to tell others that something changed. */
export class Emitter {
  constructor() {
    /** @type {Map<string, Set<(detail: any) => void>>} */
    this.listeners = new Map();
  }

  /**
   * @param {string} topics one or more, separated by spaces
   * @param {(detail: any) => void} listener
   * @returns {() => void} stop listening
   */
  on(topics, listener) {
    for (const topic of topics.split(" ")) {
      const known = this.listeners.get(topic) ?? new Set();
      this.listeners.set(topic, known.add(listener));
    }
    return () => {
      for (const topic of topics.split(" ")) this.listeners.get(topic)?.delete(listener);
    };
  }

  /**
   * @param {string} topic
   * @param {any} [detail]
   */
  emit(topic, detail) {
    for (const listener of [...(this.listeners.get(topic) ?? [])]) listener(detail);
  }
}
