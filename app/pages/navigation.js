// @ts-check
/** Carries the address inside a page to Python and back (`app/static/page.js` does the rest). */
export function render({ model }) {
  const tell = (event) => model.send_msg({ search: event.detail.search });
  document.addEventListener("td:navigate", tell);
  // A page is built anew for the address it had when that began; the person may have gone back or on meanwhile, when
  // nobody was here to hear it.
  if (plain(location.search) !== plain(model.search)) void window.__td?.announce?.();
  model.on("msg:custom", (message) => window.__td?.show(message.search, message.title, message.replace));
  model.on("remove", () => document.removeEventListener("td:navigate", tell));
}

/** @param {string} search */
function plain(search) {
  const named = new URLSearchParams(search);
  named.sort();
  return named.toString();
}
