/** « Pointer »: choose what is shown to everybody, a document of the dossier; a picture is shown from « Capture d'écran ». */
import { h, write } from "./dom.js";

/** @typedef {{reference: string, title: string, kind: string}} Document */

/** @type {import("./tools.js").Tool} */
export const point = {
  name: "point", place: "more",
  open: ({ view }) => view.turn("point"),
  start: ({ words, call, view }) => {
    let documents = "";
    const select = h("select");
    const said = h("p", { class: "td-small", role: "status" });
    const form = h(
      "form",
      {
        class: "td-tool-form",
        onsubmit: (event) => {
          event.preventDefault();
          if (select.value) call.line.send({ t: "show", document: select.value, page: 1 });
          else write(said, words.say("point.choose.wrong"));
        },
      },
      h("label", { class: "td-field" }, h("span", { class: "td-lab" }, words.say("point.document")), select),
      h("button", { type: "submit", class: "td-btn td-btn-primary td-wide" }, words.say("point.show")),
      said,
      h("p", { class: "td-small" }, words.say("point.help")),
    );
    const list = async () => {
      const answer = await fetch(documents, { credentials: "same-origin" }).catch(() => null);
      /** @type {Document[]} */
      const found = answer?.ok ? (await answer.json()).documents : [];
      const before = select.value; // chosen from the list of before, while we waited
      select.replaceChildren(
        h("option", { value: "" }, words.say(found.length ? "point.choose" : "point.none")),
        ...found.map(({ reference, title }) => h("option", { value: reference }, title)),
      );
      select.value = found.some(({ reference }) => reference === before) ? before : "";
    };
    const shown = () => {
      void list();
      select.focus();
    };
    view.addPanel("point", form, { shown });
    const stops = [
      call.on("said:joined", (message) => (documents = message.documents ?? "")),
      call.on("said:shown", ({ shown: thing }) => {
        write(said, "");
        if (thing && view.open === "point") view.turn("point"); // it needs the place
      }),
    ];
    return () => stops.forEach((stop) => stop());
  },
};
