/** The line of a notebook: the component's own channel, dressed as a WebSocket. */

/** @typedef {import("./signalling.js").Socket} Socket */
/** @typedef {{send_msg: (message: object) => void, on: (event: string, listener: (message: any) => void) => void, off: (event: string, listener: (message: any) => void) => void}} Model */

/**
 * @param {Model} model of the Panel component
 * @returns {() => Socket}
 */
export function channel(model) {
  return () => {
    const page = crypto.randomUUID();
    /** @type {Socket} */
    const socket = {
      readyState: 0,
      onopen: null,
      onmessage: null,
      onclose: null,
      send: (text) => model.send_msg({ t: "line", page, frame: text }),
      close: () => {
        if (socket.readyState > 1) return;
        socket.readyState = 3;
        model.off("msg:custom", hear);
        model.send_msg({ t: "line", page, close: true });
      },
    };
    /** @param {{t?: string, page?: string, frame?: string, open?: boolean, close?: number}} message */
    const hear = (message) => {
      if (message.t !== "line" || message.page !== page) return;
      if (message.open) {
        socket.readyState = 1;
        socket.onopen?.({});
      } else if (message.close) {
        socket.readyState = 3;
        model.off("msg:custom", hear);
        socket.onclose?.({ code: message.close });
      } else if (message.frame) socket.onmessage?.({ data: message.frame });
    };
    model.on("msg:custom", hear);
    model.send_msg({ t: "line", page, open: true });
    return socket;
  };
}
