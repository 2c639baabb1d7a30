// The drawer with layers and legend, and the small legend that stays on the map. Both are made from maps/style.toml.
SP.swatch = function (look) {
  var isPoint = look.fill && !look.isArea && look.radius && look.asPoint;
  var css = {};
  if (isPoint) {
    css = { background: look.fill };
    if (look.width >= 2.5) { css["border-color"] = look.line; css["box-shadow"] = "none"; }
    return SP.el("i.swatch.point", { css: css, "aria-hidden": "true" });
  }
  if (!look.fill) {
    css = { "border-top": Math.max(look.width, 1.5) + "px " + (look.dash && look.dash.length ? "dashed" : "solid") + " " + look.line };
    return SP.el("i.swatch.stroke", { css: css, "aria-hidden": "true" });
  }
  var a = Math.round(Math.max(look.fill_opacity, 0.35) * 255).toString(16).padStart(2, "0");
  css = { background: look.fill + a, border: "1px " + (look.dash && look.dash.length ? "dashed" : "solid") + " " + (look.line || "#8a8f94") };
  return SP.el("i.swatch", { css: css, "aria-hidden": "true" });
};

SP.DIFFERS = { line: "#7a1fa2", width: 1.6, dash: [4, 4] };

SP.legend = function (content, W, views, hooks) {
  var L2 = {}, kinds = {}, setters = {}, MOST_ON_MAP = 9;

  // tokens that really occur: a legend names nothing that is not on the map
  function present(item) {
    var found = new Set(), asPoint = false;
    if (item.of === "background") {
      SP.rows(content.background.layers[item.key]).forEach(function (row) {
        found.add(row.token);
        if (row.shape && row.shape[0] === 0) asPoint = true;
      });
    } else if (item.of === "result") {
      views.forEach(function (v) {
        var rows = { sites: v.model.sites, conflicts: v.model.conflicts, facilities: v.model.facilities, freed: v.model.facilities, access_points: v.model.accessPoints }[item.key] || [];
        rows.forEach(function (row) { found.add(row[item.column] || "other"); });
      });
      asPoint = ["sites", "facilities", "freed", "access_points"].indexOf(item.key) >= 0;
    } else item.classes.forEach(function (c) { found.add(c.token); });
    kinds[item.key] = asPoint;
    // its tokens change with the year: all of them are explained
    if (item.key === "freed") return item.classes.filter(function (c) { return c.token !== "other"; });
    var known = new Set(item.classes.map(function (c) { return c.token; }));
    var strange = Array.from(found).some(function (t) { return !known.has(t); });
    return item.classes.filter(function (c) { return found.has(c.token) || (c.token === "other" && strange); });
  }

  function classLines(item, always, tick) {
    var list = present(item);
    if (!always && list.length === 1 && list[0].token === "other") return null;
    return SP.el("ul.classes", {}, list.map(function (c) {
      var inner = [SP.swatch(Object.assign({ asPoint: kinds[item.key] }, c)), SP.el("span", {}, c.label)];
      return SP.el("li", {}, tick && list.length > 1 ? tick(c.token, inner) : inner);
    }));
  }

  L2.classLines = classLines;

  // classes and filters of a layer can be ticked off one by one: plans by kind and by status, hazards by level
  function ticks(item, opacity) {
    var boxes = new Map();
    function changed() {
      var off = Array.from(boxes.keys()).filter(function (key) { return !boxes.get(key).checked; });
      views.forEach(function (v) { v.layers[item.key].setOff(off); });
      hooks.changed();
    }
    setters[item.key] = function (value, off) {
      if (Number(opacity.value) !== Math.round(value * 100)) { opacity.value = Math.round(value * 100); opacity.dispatchEvent(new Event("input")); }
      var moved = false;
      boxes.forEach(function (box, key) { var on = off.indexOf(key) < 0; if (box.checked !== on) { box.checked = on; moved = true; } });
      if (moved) changed();
    };
    return function (key, inner) {
      var box = SP.el("input", { type: "checkbox", checked: true, "data-tick": key, on: { change: changed } });
      boxes.set(key, box);
      return SP.el("label.class-tick", {}, [box, inner]);
    };
  }
  function filterLines(item, tick) {
    return (item.filters || []).map(function (f) {
      var found = Array.from(new Set(SP.rows(content.background.layers[item.key]).map(function (r) { return r[f.column]; }))).filter(Boolean).sort();
      if (found.length < 2) return null;
      return [SP.el("h4", {}, f.label), SP.el("ul.classes", {}, found.map(function (token) { return SP.el("li", {}, tick(f.column + ":" + token, SP.el("span", {}, W.token(f.words, token)))); }))];
    });
  }
  // opacity 0..1 and the keys that are ticked off
  L2.set = function (key, opacity, off) { if (setters[key]) setters[key](opacity, off); };

  function layerRow(item) {
    // a layer without data is named: an empty map must not look like an empty country
    if (item.empty) return SP.el("div.layer.empty-layer", { "data-layer": item.key }, SP.el("div.switch", {}, [item.label, SP.el("small", {}, W.t("no_layer"))]));
    var list = present(item), only = list.length === 1 && list[0].token === "other" ? list[0] : null;
    var id = "layer-" + item.key, tickable = item.of === "background" || item.key === "conflicts" || item.key === "facilities";
    var slider = SP.el("input.opacity", {
      type: "range", min: 0, max: 100, step: 5, value: Math.round(item.opacity * 100), "aria-label": W.t("opacity_of", { layer: item.label }),
      title: W.t("opacity"), on: { input: function () { views.forEach(function (v) { v.layers[item.key].setOpacity(slider.value / 100); }); hooks.changed(); } }
    });
    var tick = ticks(item, slider), lines = item.key === "communes" ? null : classLines(item, false, tickable ? tick : null);
    var more = SP.el("div.more", { hidden: !item.visible }, [slider, lines, item.of === "background" ? filterLines(item, tick) : null]);
    var box = SP.el("input", {
      type: "checkbox", id: id, checked: item.visible,
      on: { change: function () {
        more.hidden = !box.checked;
        views.forEach(function (v) { v.setLayer(item.key, box.checked); });
        hooks.changed();
      } }
    });
    var zoom = item.from_zoom > 9 ? SP.el("small", { title: W.t("from_near_title") }, W.t("from_near")) : null;
    return SP.el("div.layer", { "data-layer": item.key }, [
      SP.el("div.switch", {}, [box, only ? SP.swatch(Object.assign({ asPoint: kinds[item.key] }, only)) : null, SP.el("label", { "for": id }, [item.label, zoom])]),
      more
    ]);
  }

  function groupOf(group) {
    var items = content.background.legend.filter(function (i) { return i.group === group.key; });
    if (!items.length) return null;
    return SP.el("section.group", {}, [SP.el("h3", {}, group.label), items.map(layerRow)]);
  }

  function range(theme, i, ends) {
    var low = i ? theme.breaks[i] : Math.min(theme.breaks[i], ends[0]), high = i + 1 < theme.breaks.length ? theme.breaks[i + 1] : Math.max(theme.top, ends[1]);
    if (i + 1 < theme.breaks.length) high -= Math.pow(10, -theme.decimals);
    if (high - low < Math.pow(10, -theme.decimals) / 2) return W.number(low, theme.decimals);
    return W.number(low, theme.decimals) + " – " + W.number(high, theme.decimals);
  }
  // how many communes each class has, in each of the maps
  L2.themeLines = function (theme, models) {
    var counts = models.map(function (model) {
      var found = new Map();
      model.communes.forEach(function (c) {
        var i = model.classOf(model.theme(theme.key), c);
        found.set(i, (found.get(i) || 0) + 1);
      });
      return found;
    });
    // trial weights may lead beyond what the run has
    var ends = [Infinity, -Infinity];
    if (theme.kind === "steps") models.forEach(function (model) { model.communes.forEach(function (c) {
      var v = c[theme.column];
      if (v !== null && v !== undefined) ends = [Math.min(ends[0], v), Math.max(ends[1], v)];
    }); });
    function seen(i) { return counts.some(function (c) { return c.get(i); }); }
    function number(i) { return counts.map(function (c) { return c.get(i) || 0; }).join(" / "); }
    var lines = [];
    var n = theme.kind === "steps" ? theme.breaks.length : theme.classes.length;
    for (var k = 0; k < n; k++) {
      var i = theme.kind === "steps" ? n - 1 - k : k;
      if (theme.kind !== "steps" && !seen(i)) continue;
      lines.push(SP.el("li", {}, [
        SP.el("i.swatch", { css: { background: theme.kind === "steps" ? theme.colours[i] : theme.classes[i].colour, border: "1px solid #8a8f94" }, "aria-hidden": "true" }),
        SP.el("span", {}, theme.kind === "steps" ? range(theme, i, ends) : theme.classes[i].label),
        SP.el("b", { title: W.t("count_title") }, number(i))
      ]));
    }
    if (seen(-1)) lines.push(SP.el("li", {}, [
      SP.el("i.swatch", { css: { background: theme.missing, border: "1px solid #8a8f94" }, "aria-hidden": "true" }),
      SP.el("span", {}, W.t("no_data")), SP.el("b", {}, number(-1))
    ]));
    return SP.el("ul.classes", {}, lines);
  };

  L2.drawer = function () {
    return SP.el("div.drawer-inner", {}, [
      SP.el("div.drawer-head", {}, [
        SP.el("h2", {}, W.t("layers_title")),
        SP.el("button.close", { type: "button", "aria-label": W.t("close"), on: { click: hooks.close } }, "×")
      ]),
      content.background.groups.map(groupOf)
    ]);
  };

  // the small legend: the theme with its classes, and the marks of sites
  L2.onMap = function (view) {
    var theme = view.theme(), sites = view.layers.sites, item = sites && sites.isOn() ? sites.item : null;
    var unit = theme.unit ? " (" + theme.unit + ")" : "";
    var open = window.innerWidth > 760 || views.length > 1;
    return SP.el("details.map-legend", { open: open }, [
      SP.el("summary", {}, W.t("legend")),
      SP.el("h4", {}, theme.label + unit), L2.themeLines(theme, views.map(function (v) { return v.model; })),
      views.length > 1 ? SP.el("ul.classes", {}, SP.el("li", {}, [SP.swatch(SP.DIFFERS), SP.el("span", {}, "≠ " + W.t("differs"))])) : null,
      view.layers.freed && view.layers.freed.isOn() ? [SP.el("h4", {}, view.layers.freed.item.label), classLines(view.layers.freed.item)] : null,
      item && views.length === 1 ? [SP.el("h4", {}, item.label), classLines(item), SP.el("p.letters", {}, W.t("letters_short"))] : null,
      view.order.filter(function (l) { return l.isOn() && !l.item.visible && l.key !== "freed"; }).map(function (l) {
        var list = present(l.item), lines = list.length <= MOST_ON_MAP ? classLines(l.item, true) : SP.el("p.letters", {}, W.t("legend_in_drawer"));
        // a picture of the run stays what it is while weights are tried
        var still = view.model.run.pictures[l.key] && document.querySelector(".trial-on") ? SP.el("p.letters", {}, W.t("not_of_trial")) : null;
        return list.length ? [SP.el("h4", {}, l.item.label), lines, still] : null;
      })
    ]);
  };
  return L2;
};
