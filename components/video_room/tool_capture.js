/** « Capture d'écran »: its panel, fetched when it is first opened. */
import { h } from "./dom.js";

/** @type {import("./tools.js").Tool} */
export const capture = {
  name: "capture", place: "second",
  open: ({ view }) => view.turn("capture"),
  start: (context) => {
    const element = h("div", { class: "td-capture" });
    /** Address to which pictures of our own go. */
    let pictures = "";
    const quiet = context.call.on("said:joined", (message) => (pictures = message.pictures ?? ""));
    /** @type {Promise<import("./capture_view.js").CaptureView> | null} */
    let loading = null;
    const shown = async () => {
      loading ??= import("./capture_view.js").then(
        ({ CaptureView }) => new CaptureView(context, element, () => pictures),
      );
      loading.catch(() => (loading = null)); // at the next opening again
      (await loading).shown();
    };
    context.view.addPanel("capture", element, { shown: () => void shown() });
    return () => {
      quiet();
      void loading?.then((view) => view.stop());
    };
  },
};
