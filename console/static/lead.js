// Keys of a lead's page: each clicks what carries it. Chrome 90: nothing newer than ES2021.
(function () {
  "use strict";

  document.addEventListener("keydown", function (event) {
    var target = event.target;
    if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName || "")) { return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) { return; }
    if (!keysOn() || document.querySelector("dialog[open]")) { return; }
    var code = keyOf(event);
    var digit = /^(?:Digit|Numpad)([123])$/.exec(code);
    if (digit) { code = ["KeyA", "KeyX", "KeyQ"][Number(digit[1]) - 1]; }
    var button = /^[A-Za-z0-9]+$/.test(code) && document.querySelector('[data-lead-key="' + code + '"]');
    if (button) { event.preventDefault(); button.click(); }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) { window.print(); }
  });
})();
