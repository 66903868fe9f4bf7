// The console's own script: keys, dialogs, messages. Chrome 90: nothing newer than ES2021.
(function () {
  "use strict";

  var busy = false;      // a decision is on its way
  var waiting = null;    // at most one key pressed meanwhile
  // milliseconds for which a lead has just come: a double click takes longer than a key that was pressed twice
  var UNREAD_FOR = { keys: 200, clicks: 400 };

  function byId(id) { return document.getElementById(id); }
  function focusPane() { return byId("focus"); }

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
    if (event.detail.handled) { return; }    // session.js asks for the password
    var answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector(".error-box");
    tell(answer ? answer.innerText.trim() : say("操作没有完成（{status}），请刷新后再试。", { status: event.detail.xhr.status }), true);
    var pane = focusPane();
    if (event.detail.xhr.status === 409 && pane && pane.dataset.lead) { show(pane.dataset.lead); }
  });

  document.addEventListener("htmx:sendError", function (event) { if (event.detail.elt.closest("[data-background]")) { return; } waiting = null; tell(say("网络中断，操作没有保存。请检查网络后再按一次。"), true); });
  document.addEventListener("htmx:timeout", function (event) { if (event.detail.elt.closest("[data-background]")) { return; } waiting = null; tell(say("网络较慢，操作没有得到回应。请刷新查看结果。"), true); });

  function show(leadId) {
    var query = (focusPane().dataset.rows || "").split("?")[1] || "";
    window.htmx.ajax("GET", "/review/" + leadId + "?" + query, { target: "#focus", swap: "outerHTML" });
  }

  // --- the list follows the pane ----------------------------------------------------------------------------------

  function follow() {
    var pane = focusPane();
    if (!pane) { return; }
    countLeft();
    makeReady(pane);
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

  // rows that were just screened stay in sight until the list is loaded anew; they are not work any more
  function countLeft() {
    var left = document.querySelectorAll("#rows li:not(.done)").length;
    if (byId("page-left")) { byId("page-left").textContent = say("本页余 {count} 条", { count: left }); }
  }

  // nobody can have read a lead that has only just come: a second press of the same key is a slip
  function makeReady(pane) {
    if (pane.dataset.ready) { return; }
    pane.dataset.ready = "soon";
    window.setTimeout(function () { pane.dataset.ready = "keys"; }, UNREAD_FOR.keys);
    window.setTimeout(function () { pane.dataset.ready = "yes"; }, UNREAD_FOR.clicks);
  }

  document.addEventListener("DOMContentLoaded", follow);

  function step(by) {
    var rows = Array.from(document.querySelectorAll(".lead-row"));
    var at = rows.findIndex(function (row) { return row.hasAttribute("aria-current"); });
    var target = rows[at + by];
    var turn = byId(by > 0 ? "page-on" : "page-back");
    if (target) { target.click(); } else if (turn) { turn.click(); } else { tell(by > 0 ? say("已经是最后一条") : say("已经是第一条")); }
  }

  // --- deciding ---------------------------------------------------------------------------------------------------

  function shownPanel(id) { return Boolean(byId(id)) && !byId(id).hidden; }

  function showPanel(id) {
    if (!byId(id)) { return; }
    ["act-main", "act-reasons", "act-other"].forEach(function (each) { byId(each).hidden = each !== id; });
    if (id === "act-reasons") { (byId(id).querySelector(".suggested") || byId(id).querySelector("button")).focus(); }
    if (id === "act-other") { byId("other-text").focus(); }
  }

  // the reason that needs words of one's own
  function otherReason() { return focusPane().dataset.otherReason; }

  function dismiss(reason) {
    if (reason === otherReason() && !shownPanel("act-other")) { showPanel("act-other"); return; }
    var words = shownPanel("act-other") ? byId("other-text").value.trim() : "";
    if (reason === otherReason() && !words) { tell(say("选“其他”须先写明原因，还没有排除。"), true); byId("other-text").focus(); return; }
    byId("reason").value = reason;
    byId("note").value = words;
    byId("dismiss").click();
  }

  var pressed = "";
  function act(code) {
    if (busy) { waiting = /^Key[JKZ]$/.test(code) && code !== pressed ? code : waiting; return; }
    pressed = code;
    if (shownPanel("act-other")) { if (code === "Escape") { showPanel("act-reasons"); } return; }
    if (shownPanel("act-reasons")) {
      var digit = /^(?:Digit|Numpad)([1-8])$/.exec(code);
      if (digit) { dismiss(document.querySelector('[data-digit="' + digit[1] + '"]').dataset.reason); }
      else if (code === "KeyX") { dismiss(focusPane().dataset.suggested); }
      else if (code === "Escape") { showPanel("act-main"); }
      return;
    }
    if (code === "ArrowDown") { code = "KeyJ"; }
    if (code === "ArrowUp") { code = "KeyK"; }
    var button = document.querySelector('#focus [data-key="' + code + '"]');
    if (button && code === "KeyM" && !document.querySelector("#related [name=chosen]:checked")) {
      tell(say("请先勾选要并入本线索的线索。"), true);
    } else if (button) { button.click(); }
    else if (code === "KeyM") { act("KeyR"); }    // what may be merged is shown first
    else if (code === "KeyJ" || code === "KeyK") { step(code === "KeyJ" ? 1 : -1); }
    else if (code === "KeyZ" && byId("focus")) { undoFromEmpty(); }
  }

  function undoFromEmpty() {
    var query = (focusPane().dataset.rows || "").split("?")[1] || "";
    window.htmx.ajax("POST", "/review/undo?" + query, { target: "#focus", swap: "outerHTML" });
  }

  // --- keys -------------------------------------------------------------------------------------------------------

  function composing(event) { return event.isComposing || event.keyCode === 229; }
  function typing(event) {
    var target = event.target;
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName || "");
  }

  function inField(event) {
    if (composing(event)) { return; }    // Enter and Esc belong to the input method
    if (event.target.id === "other-text") {
      if (event.key === "Enter") { event.preventDefault(); dismiss(otherReason()); }
      else if (event.code === "Escape") { event.preventDefault(); showPanel("act-reasons"); }
    } else if (event.ctrlKey && event.key === "Enter" && event.target.form) { event.target.form.requestSubmit(); }
    else if (event.code === "Escape" && event.target.tagName === "INPUT") { event.target.blur(); }
  }

  document.addEventListener("keydown", function (event) {
    if (typing(event)) { inField(event); return; }
    var code = keyOf(event);
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn()) { return; }
    var open = document.querySelector("dialog[open]");
    if (open) {
      var term = open.id === "misread-sheet" && /^(?:Digit|Numpad)([1-9])$/.exec(code);
      if (code === "KeyE" && open.id === "viewer") { event.preventDefault(); open.close(); }
      else if (term && open.querySelector('[data-misread="' + term[1] + '"]')) { event.preventDefault(); open.querySelector('[data-misread="' + term[1] + '"]').click(); }
      return;
    }
    if (code === "Slash") {
      event.preventDefault();
      if (event.shiftKey || /[?？]/.test(event.key)) { byId("keys-sheet").showModal(); } else if (byId("search")) { byId("search").focus(); byId("search").select(); }
    } else if (code === "KeyE") {
      var shot = document.querySelector("[data-view]");
      if (shot) { event.preventDefault(); shot.click(); }
    } else if (!focusPane() && document.querySelector('a[data-key="' + code + '"]')) {
      event.preventDefault();
      document.querySelector('a[data-key="' + code + '"]').click();
    } else if (focusPane() && /^(Key[AXQZJKCNFRM]|Arrow(Down|Up)|Escape|(Digit|Numpad)[1-8])$/.test(code)) {
      // a held key must not decide a whole queue
      if (event.repeat && !/^(Key[JK]|Arrow)/.test(code)) { return; }
      event.preventDefault();
      act(code);
    }
  });

  // --- clicks -----------------------------------------------------------------------------------------------------

  // the second click of a double click falls on the next lead's button, which stands in the same place
  document.addEventListener("click", function (event) {
    var button = event.target.closest("#focus .act button");
    if (!button) { return; }
    var byKey = event.detail === 0, ready = focusPane().dataset.ready;
    var unread = button.hasAttribute("data-decides") && ready !== "yes" && !(byKey && ready === "keys");
    if (busy || unread) { event.preventDefault(); event.stopPropagation(); }
  }, true);

  document.addEventListener("xunwang:regrouped", function () {
    window.htmx.ajax("GET", focusPane().dataset.rows, { target: "#rows", swap: "outerHTML" });
  });

  document.addEventListener("xunwang:tell", function (event) { tell(event.detail.text, event.detail.bad); });

  document.addEventListener("click", function (event) {
    var hit = event.target.closest("[data-view],[data-open],[data-close],[data-reasons],[data-reason],[data-step],[data-confirm],[data-other]");
    if (!hit) { return; }
    var data = hit.dataset;
    if (data.view) {
      byId("viewer-image").src = data.view;
      byId("viewer-name").textContent = data.name || "";
      byId("viewer").showModal();
    } else if (data.open) { byId(data.open).showModal(); }
    else if (data.close) { byId(data.close).close(); }
    else if (data.other) { dismiss(otherReason()); }
    else if (data.reasons) { showPanel(data.reasons === "open" ? "act-reasons" : "act-main"); }
    else if (data.reason) { dismiss(data.reason); }
    else if (data.step) { step(Number(data.step)); }
    else if (data.confirm && !window.confirm(data.confirm)) { event.preventDefault(); }
  });

  document.addEventListener("change", function (event) {
    if (event.target.id === "keys-on") { window.localStorage.setItem("xunwang.keys", event.target.checked ? "on" : "off"); }
    else if (event.target.matches("[data-submit]")) { event.target.form.submit(); }
  });

  // an extraction writes down the screen in front of its officers; a known officer's number need not be typed again
  function tellScreen() {
    document.querySelectorAll("[data-screen]").forEach(function (field) {
      field.value = filled(recorded("{width}×{height}，缩放 {ratio}"), { width: window.screen.width, height: window.screen.height, ratio: window.devicePixelRatio });
    });
  }
  document.addEventListener("htmx:afterSettle", tellScreen);
  document.addEventListener("change", function (event) {
    var which = event.target.dataset.officer;
    if (!which) { return; }
    var chosen = event.target.selectedOptions[0].dataset;
    byId(which + "_badge").value = chosen.badge || "";
    byId(which + "_unit").value = chosen.unit || "";
  });

  document.addEventListener("DOMContentLoaded", function () {
    tellScreen();
    if (byId("keys-on")) { byId("keys-on").checked = keysOn(); }
  });
})();
