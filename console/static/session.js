// A session that ended while somebody works: the password is asked for in place, then what was under way goes on.
(function () {
  "use strict";

  var pending = null;    // what to do once somebody is signed in again
  var renewed = 0;       // renewals since the last answer that was none of these

  function byId(id) { return document.getElementById(id); }
  function content(page, name) { var meta = page.querySelector("meta[name=" + name + "]"); return meta ? meta.content : ""; }
  function tell(text, bad) { document.dispatchEvent(new CustomEvent("xunwang:tell", { detail: { text: text, bad: bad } })); }

  function fetched(path, options) {
    return fetch(path, Object.assign({ credentials: "same-origin", cache: "no-store" }, options || {}))
      .then(function (answer) { return answer.text(); })
      .then(function (text) { return new DOMParser().parseFromString(text, "text/html"); });
  }

  // the page of somebody signed in carries the session's token; true when it is the person who works here
  function adopt(page) {
    var token = content(page, "csrf-token");
    if (!token) { return false; }
    if (content(page, "account") !== content(document, "account")) { window.location.reload(); return false; }
    document.querySelector("meta[name=csrf-token]").content = token;
    document.querySelectorAll("input[name=csrf_token]").forEach(function (field) { field.value = token; });
    return true;
  }

  function goOn() {
    var next = pending;
    pending = null;
    if (byId("again").open) { byId("again").close(); }
    if (next) { next(); }
  }

  function refuse(text) {
    byId("again-refusal").textContent = text;
    byId("again-refusal").hidden = !text;
  }

  // first whether there is a session after all: another tab may have begun one
  function whenSignedIn(next) {
    pending = next;
    fetched("/password").then(function (page) {
      if (adopt(page)) { goOn(); return; }
      refuse("");
      byId("again").showModal();
      byId("again-password").value = "";
      byId("again-password").focus();
    }).catch(function () { pending = null; tell(say("网络中断，操作没有保存。请检查网络后再试。"), true); });
  }

  function signIn() {
    var button = byId("again-form").querySelector("[type=submit]");
    button.disabled = true;
    fetched("/login").then(function (page) {
      if (content(page, "csrf-token")) { return page; }
      var sent = new URLSearchParams({ csrf_token: page.querySelector("input[name=csrf_token]").value, next: "/password",
        name: byId("again-name").value, password: byId("again-password").value });
      return fetched("/login", { method: "POST", body: sent });
    }).then(function (page) {
      if (adopt(page)) { goOn(); return; }
      var refusal = page.querySelector(".banner.bad, .error-box h1");
      refuse(refusal ? refusal.textContent : say("没有登录成功，请再试一次。"));
      byId("again-password").select();
    }).catch(function () { refuse(say("网络中断，请检查网络后再试。")); })
      .then(function () { button.disabled = false; });
  }

  document.addEventListener("htmx:responseError", function (event) {
    var answer = event.detail.xhr;
    // what the page asks for by itself must not come before what somebody is doing
    if (event.detail.elt.closest("[data-background]")) { event.detail.handled = true; return; }
    if (!byId("again") || !(answer.status === 401 || answer.getResponseHeader("X-Stale-Token"))) { return; }
    if (renewed > 1) { return; }
    renewed += 1;
    event.detail.handled = true;
    var config = event.detail.requestConfig;
    whenSignedIn(function () {
      var values = {};
      if (config.verb !== "get") { config.formData.forEach(function (value, name) { if (name !== "csrf_token") { values[name] = value; } }); }
      window.htmx.ajax(config.verb.toUpperCase(), config.path, { target: config.target, swap: "outerHTML", values: values });
    });
  }, true);
  document.addEventListener("htmx:afterOnLoad", function (event) { if (event.detail.successful) { renewed = 0; } });

  // a form with typed words and chosen files goes only when somebody is there to receive it
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.id === "again-form") { event.preventDefault(); signIn(); return; }
    if (!form.matches("[data-guarded]")) { return; }
    event.preventDefault();
    if (form.classList.contains("busy")) { return; }
    form.classList.add("busy");
    var pressed = event.submitter;
    whenSignedIn(function () {
      // form.submit() forgets which button was pressed, and what that one says
      if (pressed && pressed.name) {
        var told = document.createElement("input");
        told.type = "hidden";
        told.name = pressed.name;
        told.value = pressed.value;
        form.appendChild(told);
      }
      form.submit();
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form.busy").forEach(function (form) { form.classList.remove("busy"); });
  });

  if (byId("again")) {
    byId("again").addEventListener("close", function () {
      document.querySelectorAll("form.busy").forEach(function (form) { if (pending) { form.classList.remove("busy"); } });
      if (pending) { pending = null; tell(say("没有重新登录，刚才的操作没有保存。"), true); }
    });
  }
})();
