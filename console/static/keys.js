// Which key was pressed, by the account's own choice. Chrome 90: nothing newer than ES2021.
(function () {
  "use strict";

  var meta = document.querySelector("meta[name=keys]");
  var own = meta ? JSON.parse(meta.content) : {};

  // event.code, not event.key: with a Chinese input method or full-width mode on, key is something else ("Process").
  // Outside of a text field nothing can be composed, so a key that an input method has seen (229) is a key all the same
  function codeOf(event) { return event.code || (/^[a-z]$/i.test(event.key) ? "Key" + event.key.toUpperCase() : ""); }

  // the usual code of what the pressed key stands for; empty for a key that this account has put out of use
  window.keyOf = function (event) { var code = codeOf(event); return code in own ? own[code] : code; };
  window.keysOn = function () { return !(meta && meta.dataset.off) && window.localStorage.getItem("xunwang.keys") !== "off"; };
})();
