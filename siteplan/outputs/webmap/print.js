// The print view: the map as it stands on a sheet of A3 or A4 with title, legend, scale, north, sources and date.
SP.print = function (content, W, views, project, legend, hooks) {
  var el = SP.el, P = {}, open = null;
  var SHEETS = { "A4-landscape": [297, 210], "A4-portrait": [210, 297], "A3-landscape": [420, 297], "A3-portrait": [297, 420] };

  // ground metres to a millimetre of paper, along the middle of the map, in the province's projection
  function metresPerMm(map) {
    var size = map.getSize(), a = map.containerPointToLatLng([size.x / 2 - 100, size.y / 2]), b = map.containerPointToLatLng([size.x / 2 + 100, size.y / 2]);
    var p = project(a.lat, a.lng), q = project(b.lat, b.lng);
    return Math.hypot(p.east - q.east, p.north - q.north) / (200 * 25.4 / 96);
  }
  function svg(name, attributes, children) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (k) { node.setAttribute(k, attributes[k]); });
    (children || []).forEach(function (c) { node.appendChild(c); });
    return node;
  }
  function north() {
    var words = svg("text", { x: 20, y: 12, "text-anchor": "middle", "font-size": 12, "font-weight": 600 });
    words.textContent = W.t("north");
    return svg("svg", { "class": "north", viewBox: "0 0 40 62", role: "img", "aria-label": W.t("north_arrow") }, [
      words, svg("path", { d: "M20 16 L31 56 L20 48 Z", fill: "#1d2b36" }), svg("path", { d: "M20 16 L9 56 L20 48 Z", fill: "#ffffff", stroke: "#1d2b36" })
    ]);
  }
  // longest: what is left of the narrow column beside the north arrow, with half of the last tick's words
  var LONGEST_MM = 32;
  function bar(perMm) {
    var longest = perMm * LONGEST_MM, power = Math.pow(10, Math.floor(Math.log10(longest))), nice = [5, 2, 1].find(function (k) { return k * power <= longest; }) * power;
    var unit = nice >= 1000 ? 1000 : 1, half = nice / unit / 2;
    var words = W.number(nice / unit, 0) + (unit === 1000 ? " km" : " m");
    half = W.number(half, half % 1 ? 1 : 0);
    return el("div.print-scale", { "data-metres": nice }, [
      el("div.print-bar", { css: { width: nice / perMm + "mm" } }, [el("i"), el("i"), el("i"), el("i")]),
      el("div.print-ticks", { css: { width: nice / perMm + "mm" } }, [el("span", {}, "0"), el("span", {}, half), el("span", {}, words)])
    ]);
  }
  function round3(n) { var p = Math.pow(10, Math.max(0, Math.floor(Math.log10(n)) - 2)); return Math.round(n / p) * p; }

  function onLayers() {
    return content.background.legend.filter(function (item) {
      var layer = views[0].layers[item.key];
      return layer && layer.isSeen() && item.key !== "communes" && item.key !== "hillshade";
    });
  }
  function legendLines() {
    var theme = views[0].theme(), communes = views[0].layers.communes;
    return el("div.print-legend", {}, [
      el("h3", {}, W.t("legend")),
      communes && communes.isOn() ? [el("h4", {}, theme.label + (theme.unit ? " (" + theme.unit + ")" : "")), legend.themeLines(theme, views.map(function (v) { return v.model; }))] : null,
      onLayers().map(function (item) { var lines = legend.classLines(item); return lines ? [el("h4", {}, item.label), lines] : null; }),
      el("h4", {}, " "), onLayers().map(function (item) { return legend.classLines(item) ? null : legend.classLines(item, true); })
    ]);
  }
  function sources() {
    var seen = new Map();
    views[0].model.sources.forEach(function (s) {
      var words = (s.source || "–") + (s.data_date ? " (" + W.date(s.data_date) + ")" : "");
      if (!seen.has(words)) seen.set(words, s.illustrative);
    });
    return el("p.print-sources", {}, [el("b", {}, W.t("sources_button") + ": "), Array.from(seen).map(function (s) { return s[0] + (s[1] ? " [" + W.t("illustrative_short") + "]" : ""); }).join("; "), "."]);
  }

  P.open = function () {
    if (open) return;
    var map = views[0].map, box = map.getBounds(), stage = hooks.stage, place = document.createComment("stage");
    var whole = views[0].isHome(), retina = L.Browser.retina, style = el("style", {}), runs = views.map(function (v) { return v.model.run; });
    var choice = el("select", { id: "print-size", "aria-label": W.t("print_size"), on: { change: lay } }, Object.keys(SHEETS).map(function (k) { return el("option", { value: k, selected: k === "A4-landscape" }, W.t("print_" + k.replace("-", "_"))); }));
    var title = el("h2", {}, W.t("page_title", { province: content.province.name })), foot = el("div.print-marks", {}), words = el("div.print-words", {});
    var heading = el("input", { type: "text", id: "print-title", value: title.textContent, "aria-label": W.t("print_title"), on: { input: function () { title.textContent = heading.value; } } });
    var paper = el("div.paper", {}, [
      el("header", {}, [
        el("div", {}, [title, el("p", {}, runs.map(function (r) { return r.title; }).join(" / ") + (hooks.year() ? " · " + W.t("year_end", { year: hooks.year() }) : ""))]),
        el("div.print-stamps", {}, runs.slice(0, 1).map(hooks.stamp))
      ]),
      el("div.print-map", {}), el("aside", {}, [words, foot]),
      el("footer", {}, [sources(), el("p", {}, [W.t("reference_only_long"), " ", W.t("print_made", { date: W.date(runs[0].created), printed: W.date(new Date().toISOString()), version: runs[0].version || "–" }), hooks.trial() ? el("b", {}, " " + W.t("trial_banner") + " " + W.t("trial_banner_long")) : null])])
    ]);
    var tools = el("div.print-tools", {}, [
      el("label", { "for": "print-title" }, W.t("print_title")), heading, choice,
      el("button.plain", { type: "button", id: "print-now", on: { click: function () { window.print(); } } }, W.t("print_now")),
      el("button.plain", { type: "button", id: "print-close", on: { click: P.close } }, W.t("close"))
    ]);
    open = { page: el("div.print-page", { role: "dialog", "aria-label": W.t("print_button") }, [tools, el("div.desk", {}, paper)]), place: place, style: style, retina: retina, box: box, whole: whole };
    stage.parentNode.insertBefore(place, stage);
    paper.querySelector(".print-map").appendChild(stage);
    document.head.appendChild(style);
    document.body.appendChild(open.page);
    document.documentElement.classList.add("printing");
    L.Browser.retina = true;
    function lay() {
      var size = SHEETS[choice.value];
      style.textContent = "@page{size:" + size[0] + "mm " + size[1] + "mm;margin:0}";
      paper.style.width = size[0] + "mm"; paper.style.height = size[1] + "mm";
      paper.className = "paper " + choice.value.split("-").join(" ");
      views.forEach(function (v) { v.map.invalidateSize({ animate: false }); });
      if (whole) views[0].fit(false, true); else map.fitBounds(box, { animate: false });
      SP.refill(words, legendLines());
      var perMm = metresPerMm(map);
      SP.refill(foot, [el("div.print-north", {}, north()), el("div", {}, [bar(perMm), el("p", { "data-scale": Math.round(perMm * 1000) }, W.t("print_scale", { scale: W.number(round3(perMm * 1000), 0) }))])]);
    }
    lay();
    heading.focus();
  };
  P.close = function () {
    if (!open) return;
    open.place.parentNode.replaceChild(hooks.stage, open.place);
    open.page.remove(); open.style.remove();
    document.documentElement.classList.remove("printing");
    L.Browser.retina = open.retina;
    var box = open.box, whole = open.whole;
    open = null;
    views.forEach(function (v) { v.map.invalidateSize({ animate: false }); });
    if (whole) views[0].fit(false); else views[0].map.fitBounds(box, { animate: false });
    hooks.closed();
  };
  P.isOpen = function () { return !!open; };
  return P;
};
