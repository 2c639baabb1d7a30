// One map with the results of one run on it. It knows nothing of the panels beside it; it tells them by `hooks`.
SP.view = function (map, content, model, W, rowsOf, hooks) {
  var S = SP.shapes, V = { map: map, model: model, layers: {}, order: [] };
  var home = null, bounds = L.latLngBounds(content.bounds), theme = null, chosen = null, chosenSite = null, differing = new Set();
  var legend = content.background.legend;

  function addPane(name, z) {
    var pane = map.createPane(name);
    pane.style.zIndex = String(z);
    pane.style.pointerEvents = "none";
    return pane;
  }

  // ---- layers, as the legend lists them
  legend.forEach(function (item) {
    if (item.empty) return;
    var layer = SP.layer(map, Object.assign({}, item), content.steps);
    if (item.of === "background") {
      layer.rows = function () { return rowsOf(item.key); };
      layer.make = function () { return layer.fromRows(layer.rows()); };
    } else if (item.of === "image" && (model.run.pictures[item.key] || content.background.pictures[item.key])) {
      layer.make = function () {
        var picture = model.run.pictures[item.key] || content.background.pictures[item.key];
        return L.imageOverlay(picture.uri, picture.bounds, { pane: layer.paneName, interactive: false });
      };
    }
    V.layers[item.key] = layer;
    V.order.push(layer);
  });

  // ---- communes: fill by theme, thin outlines above the background, a strong outline for the chosen one
  var fills = new Map();
  var communes = V.layers.communes;
  if (communes) {
    communes.make = function () {
      var group = L.layerGroup();
      model.communes.forEach(function (c) {
        if (!c.shape) return;
        var path = L.polygon(c.shape.at, {
          pane: communes.paneName, renderer: communes.renderer, interactive: false, stroke: false, fill: true,
          fillOpacity: 1, fillRule: "nonzero", fillColor: model.colour(theme, c), smoothFactor: 0.5
        });
        fills.set(c.code, path);
        group.addLayer(path);
      });
      return group;
    };
  }
  addPane("siteplan_outlines", 700);
  var lines = L.canvas({ pane: "siteplan_outlines", padding: 0.15 });
  model.communes.forEach(function (c) {
    if (c.shape) L.polygon(c.shape.at, {
      pane: "siteplan_outlines", renderer: lines, interactive: false, fill: false, color: "#5b6670", weight: 0.9,
      opacity: 0.85, smoothFactor: 0.5
    }).addTo(map);
  });
  addPane("siteplan_marks", 720);
  var marks = L.canvas({ pane: "siteplan_marks", padding: 0.15 });
  var markGroup = L.layerGroup().addTo(map);
  function outline(c, look) {
    if (c && c.shape) markGroup.addLayer(L.polygon(c.shape.at, Object.assign({
      pane: "siteplan_marks", renderer: marks, interactive: false, fill: false, smoothFactor: 0.5, lineJoin: "round"
    }, look)));
  }
  var hovered = null;
  function drawMarks() {
    markGroup.clearLayers();
    // where nearly all differ, a strong mark on each would hide the map
    var look = differing.size * 2 <= model.communes.length ? { color: SP.DIFFERS.line, weight: 2.4, dashArray: "6 4" } : { color: SP.DIFFERS.line, weight: 1.1, dashArray: "4 4" };
    differing.forEach(function (code) { outline(model.byCode.get(code), look); });
    if (hovered && hovered !== chosen) outline(model.byCode.get(hovered), { color: "#103a5c", weight: 1.8 });
    if (chosen) {
      outline(model.byCode.get(chosen), { color: "#ffffff", weight: 5.5, opacity: 0.9 });
      outline(model.byCode.get(chosen), { color: "#0b3c63", weight: 2.8 });
    }
  }

  // ---- sites: marks at every zoom, plots from near
  var sites = V.layers.sites, siteMarks = new Map(), plotPaths = new Map();
  if (sites) {
    sites.make = function () {
      var group = L.layerGroup();
      var ordered = model.sites.slice().sort(function (a, b) { return (a.is_best ? 1 : 0) - (b.is_best ? 1 : 0); });
      siteMarks.clear();
      ordered.forEach(function (s) {
        if (!s.box) return;
        var look = sites.look(s.check_result || "other");
        var mark = new SP.SiteMark(S.centre(s.box), {
          pane: sites.paneName, renderer: sites.renderer, interactive: false, radius: 12, fillColor: look.fill,
          best: !!s.is_best, letter: s.letter || "", othersFrom: 10.25, chosen: s.site_id === chosenSite
        });
        siteMarks.set(s.site_id, mark);
        group.addLayer(mark);
      });
      return group;
    };
    addPane("siteplan_plots", 870);
    var plots = L.canvas({ pane: "siteplan_plots", padding: 0.2 }), plotGroup = L.layerGroup();
    model.sites.forEach(function (s) {
      if (!s.shape || s.shape.kind !== 2) return;
      var look = sites.look(s.check_result || "other");
      plotPaths.set(s.site_id, L.polygon(s.shape.at, {
        pane: "siteplan_plots", renderer: plots, interactive: false, color: look.fill, weight: s.is_best ? 3 : 1.8,
        fillColor: look.fill, fillOpacity: 0.12, fillRule: "nonzero"
      }));
      plotGroup.addLayer(plotPaths.get(s.site_id));
    });
  }
  // from near the ground matters more than the colour of the whole commune
  function fadeFills() {
    if (!communes) return;
    var zoom = map.getZoom(), share = zoom < 11.5 ? 1 : zoom < 13 ? 0.6 : 0.3;
    communes.pane.style.opacity = String(communes.item.opacity * share);
  }
  function refreshPlots() {
    if (!sites) return;
    var seen = sites.isOn() && map.getZoom() >= 12;
    if (seen && !map.hasLayer(plotGroup)) map.addLayer(plotGroup);
    if (!seen && map.hasLayer(plotGroup)) map.removeLayer(plotGroup);
  }
  function resultLayer(key, rows, column) {
    var layer = V.layers[key];
    if (!layer) return;
    rows.forEach(function (row) { row.token = row[column] || "other"; });
    layer.rows = function () { return rows; };
    layer.make = function () { return layer.fromRows(rows); };
  }
  resultLayer("conflicts", model.conflicts, "effect");
  resultLayer("facilities", model.facilities, "treatment");
  resultLayer("access_points", model.accessPoints, "token");
  // old facilities by the year of the slider; their token changes with it
  if (V.layers.freed) V.layers.freed.make = function () {
    return V.layers.freed.fromRows(model.facilities.map(function (f) { return { shape: f.shape, token: f.year_state || "other" }; }));
  };
  V.yearChanged = function () {
    if (V.layers.freed) V.layers.freed.rebuild();
    if (theme && theme.column === "year_state") V.rescored();
  };

  // ---- names of communes: those that would cover one of higher priority are left out
  addPane("siteplan_names", 950);
  var names = model.communes.filter(function (c) { return c.at; }).map(function (c) {
    var icon = L.divIcon({ className: "commune-name", iconSize: [0, 0], html: SP.el("span", {}, c.name) });
    return { commune: c, marker: L.marker(c.at, { icon: icon, pane: "siteplan_names", interactive: false, keyboard: false }).addTo(map) };
  });
  names.sort(function (a, b) { return (a.commune.priority_rank || 999) - (b.commune.priority_rank || 999); });
  function placeNames() {
    var taken = [], zoom = map.getZoom(), big = zoom >= 11;
    if (sites && sites.isOn()) model.sites.forEach(function (s) {
      if (!s.is_best || !s.box) return;
      var p = map.latLngToLayerPoint(S.centre(s.box)), r = zoom < 8.75 ? 3 : 6;
      taken.push([p.x - r, p.y - r, p.x + r, p.y + r]);
    });
    names.forEach(function (n) {
      var node = n.marker.getElement();
      if (!node) return;
      var p = map.latLngToLayerPoint(n.marker.getLatLng()), high = big ? 10 : 8, down = 0;
      var half = Math.min(n.commune.name.length * (big ? 3.9 : 3.25) + 3, 120);
      var best = sites && sites.isOn() ? model.bySite.get(n.commune.best_site_id) : null;
      if (best && best.box) {
        // the name steps out of the way of the mark of the proposed site
        var q = map.latLngToLayerPoint(S.centre(best.box));
        if (Math.abs(q.x - p.x) < half + 9 && Math.abs(q.y - p.y) < high + 9) down = q.y - p.y + high + (big ? 13 : 9);
      }
      n.marker.getElement().firstChild.style.marginTop = down + "px";
      var box = [p.x - half, p.y + down - high, p.x + half, p.y + down + high];
      var must = n.commune.code === chosen;
      var clash = taken.some(function (t) { return t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1]; });
      node.classList.toggle("hidden", clash && !must);
      node.classList.toggle("big", big);
      node.classList.toggle("chosen", must);
      if (!clash || must) taken.push(box);
    });
  }

  // ---- what is under a point
  V.communeAt = function (lat, lon) {
    return model.communes.find(function (c) { return c.shape && S.contains(c.shape, c.box, lat, lon); }) || null;
  };
  V.siteAt = function (latlng) {
    if (!sites || !sites.isOn()) return null;
    var zoom = map.getZoom(), at = map.latLngToLayerPoint(latlng), found = null, nearest = 14;
    model.sites.forEach(function (s) {
      if (!s.box || (!s.is_best && zoom < 10.25)) return;
      var p = map.latLngToLayerPoint(S.centre(s.box)), d = Math.hypot(p.x - at.x, p.y - at.y);
      if (d < nearest) { nearest = d; found = s; }
    });
    if (!found && zoom >= 12) found = model.sites.find(function (s) { return s.shape && S.contains(s.shape, s.box, latlng.lat, latlng.lng); }) || null;
    return found;
  };
  V.behind = function (latlng) {
    var told = ["plans_in_force", "plans_not_in_force", "sector_projects", "urban_areas", "land_use", "floods", "landslides"], found = [];
    told.forEach(function (key) {
      var layer = V.layers[key];
      if (!layer || !layer.isSeen()) return;
      layer.rows().forEach(function (row) {
        if (row.shape && !layer.hidden(row) && S.contains(row.shape, row.box, latlng.lat, latlng.lng)) found.push({ layer: layer, row: row });
      });
    });
    return found;
  };
  V.facilityAt = function (latlng) {
    var layer = V.layers.facilities;
    if (!layer || !layer.isSeen()) return null;
    var at = map.latLngToLayerPoint(latlng), found = null, nearest = 9;
    model.facilities.forEach(function (f) {
      if (!f.box || layer.hidden(f)) return;
      var p = map.latLngToLayerPoint(S.centre(f.box)), d = Math.hypot(p.x - at.x, p.y - at.y);
      if (d < nearest) { nearest = d; found = f; }
    });
    return found;
  };
  V.accessPointAt = function (latlng) {
    var layer = V.layers.access_points;
    if (!layer || !layer.isSeen()) return null;
    var at = map.latLngToLayerPoint(latlng);
    return model.accessPoints.find(function (a) {
      if (!a.box) return false;
      var p = map.latLngToLayerPoint(S.centre(a.box));
      return Math.hypot(p.x - at.x, p.y - at.y) < 9;
    }) || null;
  };
  map.on("click", function (event) {
    var site = V.siteAt(event.latlng), facility = site ? null : V.facilityAt(event.latlng);
    var commune = site ? model.byCode.get(site.commune_code) : V.communeAt(event.latlng.lat, event.latlng.lng);
    hooks.clicked({ site: site, facility: facility, commune: commune, behind: V.behind(event.latlng), at: event.latlng });
  });
  var waiting = null;
  map.on("mousemove", function (event) {
    hooks.moved(event.latlng);
    if (waiting) return;
    waiting = window.requestAnimationFrame(function () {
      waiting = null;
      var site = V.siteAt(event.latlng), commune = V.communeAt(event.latlng.lat, event.latlng.lng);
      var code = commune ? commune.code : null;
      if (code !== hovered) { hovered = code; drawMarks(); }
      hooks.hovered(V, event.containerPoint, site, site ? null : V.facilityAt(event.latlng), commune, V.accessPointAt(event.latlng));
      map.getContainer().style.cursor = site || commune ? "pointer" : "";
    });
  });
  map.on("mouseout", function () {
    if (hovered) { hovered = null; drawMarks(); }
    hooks.hovered(V, null, null, null, null);
  });
  map.on("zoomend", function () {
    V.order.forEach(function (layer) { layer.refresh(); });
    refreshPlots();
    fadeFills();
    placeNames();
  });
  if (communes) communes.setOpacity = function (value) { communes.item.opacity = value; fadeFills(); };

  // ---- what the panels ask for
  V.setTheme = function (key) {
    theme = model.theme(key);
    fills.forEach(function (path, code) { path.setStyle({ fillColor: model.colour(theme, model.byCode.get(code)) }); });
    return theme;
  };
  // ranks and best sites changed in the model: colours and marks follow
  V.rescored = function () {
    fills.forEach(function (path, code) {
      var colour = model.colour(theme, model.byCode.get(code));
      if (path.options.fillColor !== colour) path.setStyle({ fillColor: colour });
    });
    var moved = false;
    siteMarks.forEach(function (mark, id) {
      var best = !!model.bySite.get(id).is_best;
      if (mark.options.best !== best) { mark.options.best = best; mark.redraw(); moved = true; }
    });
    plotPaths.forEach(function (path, id) {
      var weight = model.bySite.get(id).is_best ? 3 : 1.8;
      if (path.options.weight !== weight) path.setStyle({ weight: weight });
    });
    if (moved) placeNames();
  };
  V.theme = function () { return theme; };
  V.chosen = function () { return { commune: chosen, site: chosenSite }; };
  V.setDiffering = function (codes) { differing = new Set(codes); drawMarks(); };
  V.choose = function (code, siteId) {
    if (chosenSite && siteMarks.has(chosenSite)) { siteMarks.get(chosenSite).options.chosen = false; siteMarks.get(chosenSite).redraw(); }
    chosen = code; chosenSite = siteId || null;
    if (chosenSite && siteMarks.has(chosenSite)) { siteMarks.get(chosenSite).options.chosen = true; siteMarks.get(chosenSite).redraw(); }
    drawMarks();
    placeNames();
  };
  // room for the legend at the right where the map is wide enough
  V.fit = function (animate, bare) {
    var room = hooks.room && !bare ? hooks.room() : 0, below = hooks.below && !bare ? hooks.below() : 0;
    map.fitBounds(bounds, { paddingTopLeft: [12, 12], paddingBottomRight: [12 + room, 12 + below], animate: !!animate });
    home = animate ? null : map.getCenter().toString() + map.getZoom();
  };
  V.fly = function (box, most) {
    map.flyToBounds([[box[0], box[1]], [box[2], box[3]]], { padding: [36, 36], maxZoom: most, duration: 0.7 });
  };
  V.flyToCommune = function (code) { var c = model.byCode.get(code); if (c && c.box) V.fly(c.box, 13); };
  V.flyToSite = function (id) { var s = model.bySite.get(id); if (s && s.box) V.fly(s.box, 17); };
  V.start = function (key) {
    V.setTheme(key);
    V.fit(false);
    V.order.forEach(function (layer) { layer.set(layer.item.visible); });
    refreshPlots();
    placeNames();
  };
  V.setLayer = function (key, on) { V.layers[key].set(on); refreshPlots(); };
  // who looks at the whole province still does when a panel opens beside it
  V.isHome = function () { return home !== null && home === map.getCenter().toString() + map.getZoom(); };
  V.resized = function () {
    var whole = V.isHome();
    map.invalidateSize({ animate: false });
    if (whole) V.fit(false);
    placeNames();
  };
  return V;
};
