/**
 * « Ajouter une caméra »: an otoscope, a dermatoscope, a camera in the hand, beside the face. Its panel is fetched when it is
 * first opened.
 */
import { h } from "./dom.js";
import { lateContent } from "./source_panel.js";

/** @typedef {import("./tools.js").Tool} Tool */

/** An iPhone has one capture at a time: a second one would end the face (WebKit 179363). An iPad says it is a Mac. */
function hasOneCapture() {
  const { userAgent, maxTouchPoints } = navigator;
  return /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}

/** @type {Tool} */
export const camera = {
  name: "camera", place: "more",
  isPossible: () => !hasOneCapture() && typeof navigator.mediaDevices?.getUserMedia === "function",
  open: ({ view }) => view.turn("camera"),
  start: (context) => {
    const host = h("div", { class: "td-source-box" });
    const content = lateContent(context, host, async () => {
      const { CameraView } = await import("./camera_view.js");
      return new CameraView(context);
    });
    context.view.addPanel("camera", host, { shown: content.shown });
    return content.stop;
  },
};
