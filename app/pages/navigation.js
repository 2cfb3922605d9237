// @ts-check
/** Carries the address inside a page to Python and back (`app/static/page.js` does the rest). */
export function render({ model }) {
  const tell = (event) => model.send_msg({ search: event.detail.search });
  document.addEventListener("td:navigate", tell);
  model.on("msg:custom", (message) => window.__td?.show(message.search, message.title, message.replace));
  model.on("remove", () => document.removeEventListener("td:navigate", tell));
}
