// Charts drawn of the tables beside them: what a chart shows stands in a table cell, and nowhere else.
// Nothing moves, no HTML is made (the policy allows no inline style), Chrome 90 and older can read it.
(function () {
  "use strict";

  // apart for people who see red and green alike, and by brightness alone; tests/console/test_stats.py holds them to it
  var COLOURS = { high: "#b2182b", review: "#6baed6", "true": "#b2182b", "false": "#2166ac", doubt: "#f4a736",
    dismissed: "#7b838c", open: "#c3cad2", share: "#2166ac", blind: "#5f6b7a", partial: "#a7b1bd" };
  var INK = "#1d2733", LINE = "#d9dfe7", ROW = 30, MOST = 25, FONT = "\"Microsoft YaHei\", \"Noto Sans CJK SC\", sans-serif";
  var drawn = [];

  function cells(row) { return Array.prototype.slice.call(row.cells); }
  function number(cell) { return cell.hasAttribute("data-n") ? Number(cell.getAttribute("data-n")) : null; }

  // names, columns and marks of a table: [{name, why, mark, note}], {part: {title, values}}
  function read(table, parts) {
    var heads = cells(table.tHead.rows[0]), rows = Array.prototype.slice.call(table.tBodies[0].rows);
    if (table.dataset.axis !== "days") { rows = rows.slice(0, MOST); }
    var columns = parts.map(function (part) {
      var at = heads.findIndex(function (head) { return head.dataset.part === part; });
      return { part: part, title: heads[at].textContent, values: rows.map(function (row) { return number(row.cells[at]); }) };
    });
    var lines = rows.map(function (row) {
      return { name: row.dataset.short || row.cells[0].textContent.trim(), why: row.dataset.why || "", mark: row.dataset.mark || "", note: row.dataset.note || "" };
    });
    return { lines: lines, columns: columns };
  }

  function bars(column) {
    return { name: column.title, type: "bar", stack: "all", data: column.values, barMaxWidth: 26, z: 3,
      itemStyle: { color: COLOURS[column.part] } };
  }

  // a night that was not seen is hatched from top to bottom, so that no bar does not read as nothing
  function nights(told, mark, title) {
    if (!told.lines.some(function (line) { return line.mark === mark; })) { return []; }
    return [{ name: title, type: "bar", stack: "nights", xAxisIndex: 1, yAxisIndex: 1, barWidth: "100%", silent: true, z: 1,
      data: told.lines.map(function (line) { return line.mark === mark ? 1 : null; }),
      itemStyle: { color: mark === "blind" ? "#c9d0d8" : "#eceff3", decal: { symbol: "rect", color: COLOURS[mark],
        dashArrayX: [1, 0], dashArrayY: mark === "blind" ? [2, 3] : [1, 6], rotation: -Math.PI / 4 } } }];
  }

  // plain text: braces would be read as styles
  function hint(told) {
    return function (params) {
      var line = told.lines[params[0].dataIndex], lines = [line.name + (line.note ? "  " + line.note : "")];
      if (line.why) { lines.push(line.why.replace(/(.{36})/g, "$1\n")); }
      told.columns.forEach(function (column) {
        var value = column.values[params[0].dataIndex];
        lines.push(column.title + "  " + (value === null ? "—" : value));
      });
      return lines.join("\n").replace(/[{}|]/g, " ");
    };
  }

  function option(told, title, days) {
    var names = { type: "category", data: told.lines.map(function (line) { return line.name; }), axisTick: { show: false },
      axisLabel: { color: INK, fontSize: 12, interval: days ? "auto" : 0 }, inverse: !days };
    var values = { type: "value", minInterval: 1, axisLabel: { color: INK }, splitLine: { lineStyle: { color: LINE } } };
    var marks = { type: "value", max: 1, show: false };
    var series = told.columns.map(bars);
    if (days) { series = series.concat(nights(told, "blind", say("没有监测或没有看到")), nights(told, "partial", say("没有看全"))); }
    if (told.columns.length === 1) { values.max = 100; series[0].label = { show: true, position: "right", color: INK,
      formatter: function (one) { return one.value + "%  " + told.lines[one.dataIndex].note; } }; }
    return {
      animation: false, textStyle: { fontFamily: FONT }, aria: { enabled: true, label: { general: { withoutTitle: title } } },
      legend: { top: 0, left: 0, show: series.length > 1, textStyle: { color: INK }, itemWidth: 18, itemHeight: 12 },
      grid: { left: 8, right: told.columns.length === 1 ? 110 : 24, top: series.length > 1 ? 34 : 8, bottom: 8, containLabel: true },
      tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" }, formatter: hint(told), confine: true, transitionDuration: 0 },
      xAxis: days ? [names, { type: "category", data: names.data, show: false }] : values, yAxis: days ? [values, marks] : names, series: series
    };
  }

  function draw(box) {
    var table = document.getElementById(box.dataset.chart), days = table.dataset.axis === "days";
    var told = read(table, box.dataset.parts.split(" "));
    box.hidden = false;
    box.style.height = (days ? 260 : 70 + ROW * Math.max(told.lines.length, 2)) + "px";
    var chart = window.echarts.init(box, null, { locale: document.querySelector("[data-locale]").dataset.locale });
    chart.setOption(option(told, box.dataset.title, days));
    drawn.push(chart);
  }

  function fit(width) { drawn.forEach(function (chart) { chart.resize(width ? { width: width } : undefined); }); }

  document.addEventListener("DOMContentLoaded", function () {
    if (!window.echarts) { return; }    // the tables say the same
    Array.prototype.forEach.call(document.querySelectorAll("[data-chart]"), draw);
  });
  window.addEventListener("resize", function () { fit(); });
  window.addEventListener("beforeprint", function () { fit(660); });    // A4, in CSS pixels
  window.addEventListener("afterprint", function () { fit(); });
})();
