// Distance and area on the map, in metres of the province's own projection: never on a sphere, never in Mercator.
SP.measured = function (project, points) {
  var at = points.map(function (p) { var q = project(p.lat, p.lng); return [q.east, q.north]; }), length = 0, twice = 0, n = at.length;
  for (var i = 1; i < n; i++) length += Math.hypot(at[i][0] - at[i - 1][0], at[i][1] - at[i - 1][1]);
  for (var j = 0; j < n; j++) {
    var a = at[j], b = at[(j + 1) % n], o = at[0];
    twice += (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1]);
  }
  var close = n > 2 ? Math.hypot(at[n - 1][0] - at[0][0], at[n - 1][1] - at[0][1]) : 0;
  return { length: length, area: Math.abs(twice) / 2, around: length + close };
};

SP.measure = function (content, W, views, project, hooks) {
  var M = {}, el = SP.el, on = false, area = false, points = [], view = null, drawn = null;
  views.forEach(function (v) {
    var pane = v.map.createPane("siteplan_measure");
    pane.style.zIndex = "960"; pane.style.pointerEvents = "none";
  });
  function draw() {
    if (drawn) { drawn.remove(); drawn = null; }
    if (points.length && view) {
      var look = { pane: "siteplan_measure", renderer: view.measureRenderer || (view.measureRenderer = L.canvas({ pane: "siteplan_measure", padding: 0.2 })), interactive: false, color: "#b0007c", weight: 2.5, fillColor: "#b0007c", fillOpacity: 0.16 };
      var shape = area && points.length > 2 ? L.polygon(points, look) : L.polyline(points, look);
      drawn = L.layerGroup([shape].concat(points.map(function (p) { return L.circleMarker(p, Object.assign({}, look, { radius: 4, fillColor: "#ffffff", fillOpacity: 1 })); }))).addTo(view.map);
    }
    var found = SP.measured(project, points);
    if (points.length < 2) SP.refill(result, W.t("measure_hint"));
    else if (area) SP.refill(result, points.length < 3 ? W.t("measure_hint_area") : [el("b", {}, W.number(found.area, 1) + " m²"), " = ", el("b", {}, W.number(found.area / 10000, 4) + " ha"), el("br"), W.t("measure_around", { length: W.number(found.around, 1) })]);
    else SP.refill(result, el("b", {}, W.number(found.length, 1) + " m"));
  }
  M.active = function () { return on; };
  M.add = function (at, own) {
    if (view !== own) points = [];
    view = own;
    points.push(at);
    draw();
  };
  function back() { points.pop(); draw(); }
  function clear() { points = []; draw(); }
  M.set = function (wanted) {
    on = wanted;
    M.node.hidden = !on;
    views.forEach(function (v) {
      if (on) v.map.doubleClickZoom.disable(); else v.map.doubleClickZoom.enable();
      v.map.getContainer().classList.toggle("measuring", on);
    });
    clear();
    hooks.changed(on);
  };
  function kind(value, key) {
    var box = el("input", { type: "radio", name: "measure-kind", id: "measure-" + key, checked: value === area, on: { change: function () { area = value; draw(); } } });
    return el("label.tick", {}, [box, W.t("measure_" + key)]);
  }
  var result = el("p.measure-result", { role: "status" });
  M.node = el("section.measure-box", { hidden: true, "aria-label": W.t("measure_title") }, [
    el("div.measure-head", {}, [el("b", {}, W.t("measure_title")), el("button.close", { type: "button", "aria-label": W.t("close"), on: { click: function () { M.set(false); } } }, "×")]),
    el("div.measure-kinds", {}, [kind(false, "distance"), kind(true, "area")]), result,
    el("p.quiet", {}, W.t("measure_plane", { name: content.projection.name.split(" / ")[0], epsg: content.projection.epsg })),
    el("p.buttons", {}, [el("button.plain", { type: "button", on: { click: back } }, W.t("measure_back")), el("button.plain", { type: "button", on: { click: clear } }, W.t("measure_clear"))])
  ]);
  // by keyboard: the point in the middle of the map
  views.forEach(function (v) {
    v.map.getContainer().addEventListener("keydown", function (event) {
      if (!on || event.target !== v.map.getContainer()) return;
      if (event.key === "Enter") { M.add(v.map.getCenter(), v); event.preventDefault(); }
      if (event.key === "Backspace") { back(); event.preventDefault(); }
    });
  });
  draw();
  return M;
};
