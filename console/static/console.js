// The console's own script: keys, dialogs, messages. Chrome 90: nothing newer than ES2021.
(function () {
  "use strict";

  var busy = false;      // a decision is on its way
  var waiting = null;    // at most one key pressed meanwhile

  function byId(id) { return document.getElementById(id); }
  function focusPane() { return byId("focus"); }
  function keysOn() { return window.localStorage.getItem("xunwang.keys") !== "off"; }

  function tell(text, bad) {
    var note = document.createElement("div");
    note.className = bad ? "toast-note bad" : "toast-note";
    note.textContent = text;
    byId("toast").replaceChildren(note);
  }

  // --- requests -------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", function (event) {
    var token = document.querySelector("meta[name=csrf-token]");
    if (token) { event.detail.headers["X-CSRF-Token"] = token.content; }
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.requestConfig.verb === "get") { return; }
    busy = true;
    var bar = document.querySelector(".act");
    if (bar) { bar.classList.add("busy"); }
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.requestConfig.verb === "get") { return; }
    busy = false;
    var bar = document.querySelector(".act");
    if (bar) { bar.classList.remove("busy"); }
  });

  document.addEventListener("htmx:afterSettle", function () {
    if (busy || !waiting) { return; }
    var key = waiting;
    waiting = null;
    act(key);
  });

  // an answer that is no success: say what it says; a stale lead is shown anew, nothing is decided in its place
  document.addEventListener("htmx:responseError", function (event) {
    waiting = null;
    var answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector(".error-box");
    tell(answer ? answer.innerText.trim() : "操作没有完成（" + event.detail.xhr.status + "），请刷新后再试。", true);
    var pane = focusPane();
    if (event.detail.xhr.status === 409 && pane && pane.dataset.lead) { show(pane.dataset.lead); }
  });

  document.addEventListener("htmx:sendError", function () { waiting = null; tell("网络中断，操作没有保存。请检查网络后再按一次。", true); });
  document.addEventListener("htmx:timeout", function () { waiting = null; tell("网络较慢，操作没有得到回应。请刷新查看结果。", true); });

  function show(leadId) {
    var query = (focusPane().dataset.rows || "").split("?")[1] || "";
    window.htmx.ajax("GET", "/review/" + leadId + "?" + query, { target: "#focus", swap: "outerHTML" });
  }

  // --- the list follows the pane ----------------------------------------------------------------------------------

  function follow() {
    var pane = focusPane();
    if (!pane) { return; }
    document.querySelectorAll(".lead-row[aria-current]").forEach(function (row) { row.removeAttribute("aria-current"); });
    if (!pane.dataset.lead) { return; }
    var row = document.querySelector('.lead-row[data-lead="' + pane.dataset.lead + '"]');
    if (row) {
      row.setAttribute("aria-current", "true");
      row.scrollIntoView({ block: "nearest" });
    } else if (pane.dataset.asked !== "yes") {
      pane.dataset.asked = "yes";
      window.htmx.ajax("GET", pane.dataset.rows, { target: "#rows", swap: "outerHTML" });
    }
    if (pane.dataset.here) { window.history.replaceState(null, "", pane.dataset.here); }
  }
  document.addEventListener("htmx:afterSettle", follow);

  // a message of success goes by itself; one of failure stays until the next
  var fading = null;
  new MutationObserver(function () {
    window.clearTimeout(fading);
    var note = document.querySelector("#toast .toast-note:not(.bad)");
    if (note) { fading = window.setTimeout(function () { note.remove(); }, 6000); }
  }).observe(byId("toast"), { childList: true });

  document.addEventListener("DOMContentLoaded", follow);

  function step(by) {
    var rows = Array.from(document.querySelectorAll(".lead-row"));
    var at = rows.findIndex(function (row) { return row.hasAttribute("aria-current"); });
    var target = rows[at + by];
    var turn = byId(by > 0 ? "page-on" : "page-back");
    if (target) { target.click(); } else if (turn) { turn.click(); } else { tell(by > 0 ? "已经是最后一条" : "已经是第一条"); }
  }

  // --- deciding ---------------------------------------------------------------------------------------------------

  function reasonsOpen() { var panel = byId("act-reasons"); return Boolean(panel) && !panel.hidden; }

  function openReasons(open) {
    if (!byId("act-reasons")) { return; }
    byId("act-reasons").hidden = !open;
    byId("act-main").hidden = open;
    if (open) { byId("act-reasons").querySelector(".suggested, button").focus(); }
  }

  function dismiss(reason) {
    byId("reason").value = reason;
    byId("dismiss").click();
  }

  function act(code) {
    if (busy) { waiting = code; return; }
    if (reasonsOpen()) {
      var digit = /^(?:Digit|Numpad)([1-8])$/.exec(code);
      if (digit) { dismiss(document.querySelector('[data-digit="' + digit[1] + '"]').dataset.reason); }
      else if (code === "KeyX") { dismiss(focusPane().dataset.suggested); }
      else if (code === "Escape") { openReasons(false); }
      return;
    }
    if (code === "ArrowDown") { code = "KeyJ"; }
    if (code === "ArrowUp") { code = "KeyK"; }
    var button = document.querySelector('#focus [data-key="' + code + '"]');
    if (button) { button.click(); }
    else if (code === "KeyJ" || code === "KeyK") { step(code === "KeyJ" ? 1 : -1); }
    else if (code === "KeyZ" && byId("focus")) { undoFromEmpty(); }
  }

  function undoFromEmpty() {
    var query = (focusPane().dataset.rows || "").split("?")[1] || "";
    window.htmx.ajax("POST", "/review/undo?" + query, { target: "#focus", swap: "outerHTML" });
  }

  // --- keys -------------------------------------------------------------------------------------------------------

  // event.code, not event.key: with a Chinese input method or full-width mode on, key is something else
  function typing(event) {
    var target = event.target;
    return event.isComposing || event.keyCode === 229 ||
      target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey && event.key === "Enter" && event.target.form) { event.target.form.requestSubmit(); return; }
    if (event.code === "Escape" && /^(INPUT)$/.test(event.target.tagName)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || !keysOn()) { return; }
    var open = document.querySelector("dialog[open]");
    if (open) {
      if (event.code === "KeyE" && open.id === "viewer") { event.preventDefault(); open.close(); }
      return;
    }
    if (event.code === "Slash") {
      event.preventDefault();
      if (event.shiftKey || /[?？]/.test(event.key)) { byId("keys-sheet").showModal(); } else if (byId("search")) { byId("search").focus(); byId("search").select(); }
    } else if (event.code === "KeyE") {
      var shot = document.querySelector("[data-view]");
      if (shot) { event.preventDefault(); shot.click(); }
    } else if (focusPane() && /^(Key[AXQZJK]|Arrow(Down|Up)|Escape|(Digit|Numpad)[1-8])$/.test(event.code)) {
      // a held key must not decide a whole queue
      if (event.repeat && !/^(Key[JK]|Arrow)/.test(event.code)) { return; }
      event.preventDefault();
      act(event.code);
    }
  });

  // --- clicks -----------------------------------------------------------------------------------------------------

  document.addEventListener("click", function (event) {
    var hit = event.target.closest("[data-view],[data-open],[data-close],[data-reasons],[data-reason],[data-step],[data-confirm]");
    if (!hit) { return; }
    var data = hit.dataset;
    if (data.view) {
      byId("viewer-image").src = data.view;
      byId("viewer-name").textContent = data.name || "";
      byId("viewer").showModal();
    } else if (data.open) { byId(data.open).showModal(); }
    else if (data.close) { byId(data.close).close(); }
    else if (data.reasons) { openReasons(data.reasons === "open"); }
    else if (data.reason) { dismiss(data.reason); }
    else if (data.step) { step(Number(data.step)); }
    else if (data.confirm && !window.confirm(data.confirm)) { event.preventDefault(); }
  });

  document.addEventListener("change", function (event) {
    if (event.target.id === "keys-on") { window.localStorage.setItem("xunwang.keys", event.target.checked ? "on" : "off"); }
    else if (event.target.matches("[data-submit]")) { event.target.form.submit(); }
  });

  document.addEventListener("DOMContentLoaded", function () {
    if (byId("keys-on")) { byId("keys-on").checked = keysOn(); }
  });
})();
