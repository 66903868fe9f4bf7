// What the scripts say, in the language of the page: Chinese stands in the sources, the page brings the other words.
(function () {
  "use strict";

  var meta = document.querySelector("meta[name=words]");
  var words = meta ? JSON.parse(meta.content) : {};

  // {name} in a text stands for values.name
  window.filled = function (text, values) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) { return values && name in values ? values[name] : whole; });
  };
  window.say = function (text, values) { return window.filled(words[text] || text, values); };

  // what is written down on paper stays Chinese, whatever the page speaks
  window.recorded = function (text) { return text; };
})();
