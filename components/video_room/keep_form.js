/** A caption and the part of the body, then « Ajouter au dossier ». */
import { h, set, write } from "./dom.js";

/**
 * @param {import("./words.js").Words} words
 * @param {(caption: string, site: string) => Promise<void>} keep rejects with what is said to the person
 */
export function keepForm(words, keep) {
  const sites = h(
    "datalist",
    { id: "td-body-sites" },
    ...words.say("capture.sites").split("|").map((site) => h("option", { value: site })),
  );
  const caption = h("input", { type: "text", maxlength: 120, required: true, autocomplete: "off" });
  const site = h("input", { type: "text", maxlength: 60, list: "td-body-sites", autocomplete: "off" });
  const button = h("button", { type: "submit", class: "td-btn td-btn-primary td-wide" }, words.say("capture.keep"));
  const said = h("p", { class: "td-small", role: "status" });
  const error = h("p", { class: "td-error", role: "alert", hidden: true });
  const submit = async () => {
    error.hidden = true;
    if (!caption.value.trim()) {
      write(error, words.say("capture.caption.wrong"));
      error.hidden = false;
      caption.focus();
      return;
    }
    set(button, "disabled", true);
    write(said, words.say("capture.keeping"));
    try {
      await keep(caption.value.trim(), site.value.trim());
      write(said, words.say("capture.kept"));
    } catch (refusal) {
      write(said, "");
      write(error, refusal.message || words.say("capture.broken"));
      error.hidden = false;
      set(button, "disabled", false);
    }
  };
  return h(
    "form",
    {
      class: "td-tool-form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        void submit();
      },
    },
    h("label", { class: "td-field" }, h("span", { class: "td-lab" }, words.say("capture.caption")), caption),
    h("label", { class: "td-field" }, h("span", { class: "td-lab" }, words.say("capture.site")), site, sites),
    error,
    button,
    said,
  );
}
