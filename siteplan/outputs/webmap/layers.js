// Layers of the background and of the results: one pane each, so that order and opacity are the layer's own. A layer's
// shapes are made when it is first switched on.
SP.pathOf = function (look) {
  return {
    stroke: !!look.line && look.width > 0, color: look.line || "#000000", weight: look.width, opacity: 1,
    dashArray: look.dash.length ? look.dash.join(" ") : null, lineCap: look.dash.length ? "butt" : "round",
    fill: !!look.fill, fillColor: look.fill || "#000000", fillOpacity: look.fill_opacity, fillRule: "nonzero",
    interactive: false, smoothFactor: 0.7
  };
};

SP.layer = function (map, item, steps) {
  var name = "siteplan_" + item.key, pane = map.createPane(name);
  pane.style.zIndex = String(item.order);
  pane.style.pointerEvents = "none";
  pane.style.opacity = String(item.opacity);
  var renderer = L.canvas({ pane: name, padding: 0.15 });
  var made = null, on = false;
  var looks = {}, off = new Set(), filters = item.filters || [];
  item.classes.forEach(function (c) { looks[c.token] = c; });

  function look(token) { return looks[token] || looks.other || item.classes[0]; }

  // what the legend or a filter has ticked off
  function hidden(row) {
    return off.has(row.token) || filters.some(function (f) { return off.has(f.column + ":" + row[f.column]); });
  }

  // rows with a decoded shape become as few paths as there are looks: one fill, one stroke each
  function fromRows(rows) {
    var group = L.layerGroup([], { pane: name }), paths = new Map();
    rows.forEach(function (row) {
      if (!row.shape || hidden(row)) return;
      var style = look(row.token);
      if (!style) return;
      if (row.shape.kind === 0) {
        row.shape.at.forEach(function (p) {
          var options = SP.pathOf(style);
          options.pane = name; options.renderer = renderer; options.radius = style.radius;
          group.addLayer(L.circleMarker(p, options));
        });
        return;
      }
      var key = row.token + "/" + row.shape.kind;
      if (!paths.has(key)) paths.set(key, { style: style, kind: row.shape.kind, at: [] });
      paths.get(key).at.push.apply(paths.get(key).at, row.shape.at);
    });
    paths.forEach(function (path) {
      var options = SP.pathOf(path.style);
      options.pane = name; options.renderer = renderer;
      if (path.kind === 1) options.fill = false;
      group.addLayer(path.kind === 2 ? L.polygon(path.at, options) : L.polyline(path.at, options));
    });
    return group;
  }

  var layer = {
    key: item.key, item: item, pane: pane, paneName: name, renderer: renderer, rows: null, look: look, fromRows: fromRows,
    hidden: hidden, opacityAsked: item.opacity,
    off: function () { return Array.from(off).sort(); },
    setOff: function (keys) { off = new Set(keys); layer.rebuild(); },
    make: function () { return L.layerGroup(); },
    isOn: function () { return on; },
    isSeen: function () { return on && map.getZoom() >= item.from_zoom; },
    set: function (wanted) {
      on = wanted;
      if (on && made === null) made = layer.make();
      layer.refresh();
    },
    refresh: function () {
      if (made === null) return;
      var seen = layer.isSeen();
      if (seen && !map.hasLayer(made)) map.addLayer(made);
      if (!seen && map.hasLayer(made)) map.removeLayer(made);
    },
    rebuild: function () {
      if (made === null) return;
      map.removeLayer(made);
      made = layer.make();
      layer.refresh();
    },
    setOpacity: function (value) { item.opacity = value; pane.style.opacity = String(value); }
  };
  return layer;
};

SP.backgroundRows = function (content) {
  var decoded = {};
  return function (key) {
    if (!decoded[key]) {
      var table = content.background.layers[key];
      decoded[key] = table ? SP.rows(table) : [];
      decoded[key].forEach(function (row) {
        row.shape = SP.shapes.decode(row.shape, table.steps);
        row.box = row.shape ? SP.shapes.box(row.shape) : null;
      });
    }
    return decoded[key];
  };
};

// a site on the map: a disc in the colour of its check; the proposed one larger, with its letter and a dark ring
SP.SiteMark = L.CircleMarker.extend({
  _updatePath: function () { this._renderer._updateSiteMark(this); }
});
L.Canvas.include({
  _updateSiteMark: function (mark) {
    if (!this._drawing || mark._empty()) return;
    var o = mark.options, zoom = mark._map.getZoom(), best = o.best;
    if (!best && zoom < o.othersFrom) return;
    var grow = Math.max(0, Math.min(zoom - 10, 3)), r = best ? (zoom < 8 ? 2.2 : zoom < 8.75 ? 3.6 : 6.2) + grow * 1.3 : 3.2 + grow * 1.3;
    var p = mark._point, ctx = this._ctx;
    if (o.chosen) {
      ctx.beginPath(); ctx.arc(p.x, p.y, r + 5, 0, Math.PI * 2);
      ctx.fillStyle = "rgba(16,58,92,0.28)"; ctx.fill();
    }
    ctx.beginPath(); ctx.arc(p.x, p.y, r, 0, Math.PI * 2);
    ctx.fillStyle = o.fillColor; ctx.fill();
    ctx.lineWidth = best ? 2 : 1.2; ctx.strokeStyle = "#ffffff"; ctx.stroke();
    if (best) {
      ctx.beginPath(); ctx.arc(p.x, p.y, r + 1.6, 0, Math.PI * 2);
      ctx.lineWidth = 1.2; ctx.strokeStyle = "#1d2b36"; ctx.stroke();
    }
    if ((best ? zoom >= 8.75 : zoom >= 12) && o.letter) {
      ctx.fillStyle = "#ffffff"; ctx.textAlign = "center"; ctx.textBaseline = "middle";
      ctx.font = "600 " + Math.round(r * 1.25) + "px 'Be Vietnam Pro', sans-serif";
      ctx.fillText(o.letter, p.x, p.y + 0.5);
    }
  }
});
