// 批量初筛: ticking rows, and a look before anything is written. Chrome 90: nothing newer than ES2021.
(function () {
  "use strict";

  var last = null;    // the row that was ticked last: Shift extends from there
  var at = -1;        // the row that the keys stand on

  function byId(id) { return document.getElementById(id); }
  function picks() { return Array.from(document.querySelectorAll("[data-pick]:not(:disabled)")); }
  function tell(text, bad) { document.dispatchEvent(new CustomEvent("xunwang:tell", { detail: { text: text, bad: bad } })); }

  function count() {
    var every = byId("bulk-everything");
    var ticked = picks().filter(function (box) { return box.checked; }).length;
    byId("bulk-count").textContent = say("已选 {count} 条", { count: every.checked ? every.dataset.count : ticked });
    byId("bulk-page").checked = ticked > 0 && ticked === picks().length;
    picks().forEach(function (box) { box.closest("tr").classList.toggle("chosen", box.checked || every.checked); });
  }

  function tick(box, checked, extend) {
    var boxes = picks(), here = boxes.indexOf(box), from = extend && last ? boxes.indexOf(last) : here;
    boxes.slice(Math.min(here, from), Math.max(here, from) + 1).forEach(function (one) { one.checked = checked; });
    last = box;
    count();
  }

  function preview(action, needsReason) {
    var other = byId("bulk-reason").dataset.otherReason, reason = byId("bulk-reason").value, note = byId("bulk-note").value.trim();
    if (needsReason && reason === other && !note) { byId("bulk-note").focus(); tell(say("选“其他”须先写明原因。"), true); return; }
    var values = { action: action, everything: byId("bulk-everything").checked,
      chosen: picks().filter(function (box) { return box.checked; }).map(function (box) { return box.value; }).join(",") };
    if (needsReason) { values.reason = reason; values.note = reason === other ? note : ""; }
    window.htmx.ajax("POST", document.querySelector("[data-preview]").dataset.preview,
      { target: "#bulk-preview", swap: "innerHTML", values: values });
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id === "bulk-preview") { byId("bulk-preview").showModal(); }
    if (event.detail.target.id === "bulk") { if (byId("bulk-preview").open) { byId("bulk-preview").close(); } last = null; at = -1; }
  });
  document.addEventListener("htmx:responseError", function () { if (byId("bulk-preview").open) { byId("bulk-preview").close(); } });

  document.addEventListener("click", function (event) {
    var hit = event.target.closest("[data-bulk],[data-undo],[data-pick]");
    if (!hit) { return; }
    if (hit.dataset.bulk) { preview(hit.dataset.bulk, "needsReason" in hit.dataset); }
    else if (hit.dataset.undo) { window.htmx.ajax("POST", hit.dataset.undo, { target: "#bulk", swap: "outerHTML" }); }
    else { tick(hit, hit.checked, event.shiftKey); }
  });

  document.addEventListener("change", function (event) {
    if (event.target.id === "bulk-page") { picks().forEach(function (box) { box.checked = event.target.checked; }); count(); }
    else if (event.target.id === "bulk-everything") { count(); }
    else if (event.target.id === "bulk-reason") { byId("bulk-note").hidden = event.target.value !== event.target.dataset.otherReason; }
  });

  function step(by, extend) {
    var boxes = picks();
    at = Math.min(Math.max(at + by, 0), boxes.length - 1);
    if (!boxes[at]) { return; }
    boxes[at].focus();
    boxes[at].closest("tr").scrollIntoView({ block: "nearest" });
    if (extend) { tick(boxes[at], true, false); }
  }

  document.addEventListener("keydown", function (event) {
    var field = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (field || event.ctrlKey || event.metaKey || event.altKey || !keysOn() || document.querySelector("dialog[open]")) { return; }
    var code = keyOf(event);
    var button = document.querySelector('#bulk [data-key="' + code + '"]');
    if (button && !event.repeat) { event.preventDefault(); button.click(); }
    else if (code === "KeyJ" || code === "ArrowDown") { event.preventDefault(); step(1, event.shiftKey); }
    else if (code === "KeyK" || code === "ArrowUp") { event.preventDefault(); step(-1, event.shiftKey); }
  });
})();
