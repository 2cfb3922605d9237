/*
 * Whether this browser can hold a call at all. Written for old browsers on purpose (ES5, no module): where modules or their
 * words are not understood, nothing else of the page would run, and the page would stay as it is without a word.
 *
 * The message stands hidden in the page (#td-compat). It is shown at once when an ability is missing, and later when the
 * page's own scripts were not understood. Features are tried; names of browsers are never looked at.
 */
(function () {
  "use strict";
  var patience = 6000; // ms after the page is loaded: scripts that were understood have begun by then
  var peer = window.RTCPeerConnection;
  var able =
    typeof Promise === "function" &&
    "noModule" in document.createElement("script") &&
    typeof WebSocket === "function" &&
    typeof peer === "function" &&
    typeof peer.prototype.addTransceiver === "function" &&
    typeof Element.prototype.replaceChildren === "function";
  var broken = false;

  function tell() {
    var message = document.getElementById("td-compat");
    if (message) message.removeAttribute("hidden");
    document.documentElement.setAttribute("data-td-compat", "no");
  }

  // A script that is not understood says so here, before any of it has run.
  window.addEventListener("error", function (event) {
    if (event.error && event.error.name === "SyntaxError") broken = true;
  });

  function look() {
    if (!able) tell();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", look);
  else look();
  window.addEventListener("load", function () {
    setTimeout(function () {
      var guest = document.getElementById("guest");
      var waits = guest && guest.hasAttribute("data-waiting");
      if (broken || (waits && !window.__td)) tell();
    }, patience);
  });
})();
