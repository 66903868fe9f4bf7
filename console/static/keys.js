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

  // --- G, then the letter of a page -----------------------------------------------------------------------------------
  // Heard before every other script, and the key after G is G's whatever it is and whenever it comes: a letter that
  // came too late must not decide the lead that stands on the screen.
  var going = null;    // what the page shows while a letter is waited for

  function stop() { if (going) { going.remove(); going = null; } }

  function ask() {
    var pages = Array.from(document.querySelectorAll("[data-go]"));
    if (!pages.length || !document.getElementById("toast")) { return false; }
    var named = pages.map(function (one) { return one.dataset.go.slice(3) + " " + one.dataset.name; }).join(" · ");
    going = document.createElement("div");
    going.className = "toast-note going";
    going.textContent = say("去哪个页面？{pages}（Esc 取消）", { pages: named });
    document.getElementById("toast").replaceChildren(going);
    return true;
  }

  function isOurs(event) {
    var code = codeOf(event);
    if (going) {
      if (event.repeat) { return true; }
      var page = /^Key[A-Z]$/.test(code) && document.querySelector('[data-go="' + code + '"]');
      stop();
      if (page) { page.click(); }
      return true;
    }
    return window.keyOf(event) === "KeyG" && !event.shiftKey && !event.repeat && ask();
  }

  document.addEventListener("keydown", function (event) {
    var field = event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName || "");
    if (/^(Shift|Control|Alt|Meta|CapsLock)/.test(event.code)) { return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !window.keysOn() || document.querySelector("dialog[open]")) { stop(); return; }
    if (isOurs(event)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
  document.addEventListener("pointerdown", stop);
})();
