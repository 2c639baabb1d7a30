// Puts the page together: bar, list and cards at the left, one map or two, layers at the right.
SP.start = function (content) {
  var W = SP.words(content), el = SP.el, two = content.runs.length > 1;
  var rowsOf = SP.backgroundRows(content), project = SP.projector(content.projection);
  var maps = [window.map_siteplan_1].concat(two ? [window.map_siteplan_2] : []);
  var narrow = function () { return window.innerWidth <= 760; };

  var asked = SP.address.read();
  var shownRuns = asked.runs && two ? asked.runs.map(function (k) { return k - 1; }) : two ? [0, 1] : [0];
  if (shownRuns.some(function (k) { return !content.runs[k]; })) shownRuns = [0, 1];

  // ---- skeleton
  var coordinates = el("output.coordinates", { "aria-live": "off" });
  var stage = el("div.stage" + (two ? ".two" : ""), {});
  var side = el("aside.side", { "aria-label": W.t("list_and_cards") }), drawer = el("aside.drawer", { hidden: true, "aria-label": W.t("layers_title") });
  var tip = el("div.tip", { hidden: true });
  function stampOf(run) {
    return run.frozen
      ? el("span.stamp.frozen", {}, [W.t("frozen", { version: run.frozen.version, date: W.date(run.frozen.date) })])
      : el("span.stamp", { title: W.t("draft_long") }, [el("b", {}, W.t("draft")), el("span", {}, [W.date(run.created), el("span.version", {}, " · " + W.t("version", { version: run.version || "–" }))])]);
  }
  var layersButton = el("button.tool", { type: "button", id: "layers-button", "aria-expanded": "false", on: { click: function () { openDrawer(drawer.hidden); } } }, W.t("layers_button"));
  var trialPanel = el("aside.panel.trial", { hidden: true, "aria-label": W.t("trial_title") });
  var trialButton = !SP.trialFits(shownRuns.map(function (k) { return content.runs[k]; })) ? null : el("button.tool", { type: "button", id: "trial-button", "aria-expanded": "false", on: { click: function () { openTrial(trialPanel.hidden); } } }, W.t("trial_button"));
  function tool(id, words, act, pressed) {
    return el("button.tool", { type: "button", id: id, "aria-pressed": pressed ? "false" : null, on: { click: act } }, words);
  }
  var turnButton = two ? tool("turn-button", W.t("turn_button"), function () { turn(!stage.classList.contains("stacked")); }, true) : null;
  var yearsButton = tool("years-button", W.t("year_button"), function () { showYears(years.node.hidden); }, true);
  var measureButton = tool("measure-button", W.t("measure_button"), function () { measure.set(!measure.active()); }, true);
  var printButton = tool("print-button", W.t("print_button"), function () { printing.open(); });
  var app = el("div.app" + (two ? ".two" : ""), {}, [
    el("header.bar", {}, [
      el("div.title", {}, [el("h1", {}, W.t("page_title", { province: content.province.name })), el("p", {}, two ? W.t("comparison_of", { count: content.runs.length }) : content.runs[0].title)]),
      two ? null : stampOf(content.runs[0]),
      el("nav", {}, [turnButton, trialButton, yearsButton, measureButton, printButton, layersButton, el("button.tool", { type: "button", id: "sources-button", on: { click: function () { SP.sources(content, W, views, cards); } } }, W.t("sources_button"))])
    ]),
    content.focus ? el("p.banner.one", { role: "note" }, W.t("one_commune", { name: (function () { var t = content.runs[0].communes, at = t.names.indexOf("name"), row = t.rows.find(function (r) { return r[t.names.indexOf("code")] === content.focus; }); var v = row[at]; return t.pools.name && typeof v === "number" ? t.pools.name[v] : v; })() })) : null,
    content.runs.some(function (r) { return r.illustrative.length; }) ? el("p.banner", { role: "note" }, [el("b", {}, W.t("illustrative")), " ", W.t("illustrative_long")]) : null,
    el("div.body", {}, [side, stage, trialPanel, drawer]),
    el("footer.foot", {}, [coordinates, el("span.reference", {}, W.t("reference_only"))])
  ]);
  document.body.insertBefore(app, document.body.firstChild);

  var legendBoxes = [], views = [];
  var panes = maps.map(function (map, i) {
    var legendBox = el("div.legend-box", {}), node = map.getContainer();
    var choice = content.runs.length > 2
      ? el("select", { "aria-label": W.t("choose_option"), on: { change: function () { show(i, Number(choice.value)); } } },
        content.runs.map(function (r, k) { return el("option", { value: k, selected: k === shownRuns[i] }, r.title); }))
      : el("span", {}, content.runs[shownRuns[i]].title);
    var pane = el("div.pane", {}, [two ? el("div.pane-title", {}, [el("b", {}, W.t("col_option", { number: i + 1 })), choice, stampOf(content.runs[shownRuns[i]])]) : null, el("div.map-holder", {}, [node, two ? null : legendBox])]);
    if (i === 0) legendBoxes.push(legendBox);
    stage.appendChild(pane);
    L.control.zoom({ position: "topright", zoomInTitle: W.t("zoom_in"), zoomOutTitle: W.t("zoom_out"), zoomInText: "+", zoomOutText: "−" }).addTo(map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 120 }).addTo(map);
    var home = L.control({ position: "topright" });
    home.onAdd = function () {
      var holder = L.DomUtil.create("div", "leaflet-bar leaflet-control home");
      holder.appendChild(el("button", { type: "button", title: W.t("whole_province"), "aria-label": W.t("whole_province"), on: { click: function (event) { event.stopPropagation(); views[i].fit(true); } } }, "⌂"));
      L.DomEvent.disableClickPropagation(holder);
      return holder;
    };
    home.addTo(map);
    L.DomEvent.disableClickPropagation(legendBox);
    L.DomEvent.disableScrollPropagation(legendBox);
    node.setAttribute("aria-label", W.t("map_of", { title: content.runs[shownRuns[i]].title }));
    return pane;
  });
  app.appendChild(tip);

  // ---- maps
  var hooks = {
    room: function () {
      var wide = panes[0].offsetWidth;
      return two || wide < 700 ? 0 : Math.min(248, Math.max(0, wide - 640));
    },
    below: function () { return years && !years.node.hidden ? 74 : 0; },
    moved: function (at) {
      var p = project(at.lat, at.lng), d = maps[0].getZoom() >= 15 ? 1 : 0;
      SP.refill(coordinates, [content.projection.name.split(" / ")[0] + " (EPSG:" + content.projection.epsg + ")  ", el("b", {}, "E " + W.number(p.east, d)), "  ", el("b", {}, "N " + W.number(p.north, d)), " m"]);
    },
    hovered: function (view, point, site, facility, commune, reached) {
      if (!point || (!site && !facility && !commune) || narrow()) { tip.hidden = true; return; }
      var theme = view.theme(), value = commune ? commune[theme.column] : null, shown;
      if (theme.kind === "steps") shown = value === null ? W.t("no_data") : W.unit(value, theme.decimals, theme.unit);
      else { var c = commune ? theme.classes[view.model.classOf(theme, commune)] : null; shown = c ? c.label : W.t("no_data"); if (c && c.token === "partly" && commune[theme.percent_column] > 0) shown += " " + W.number(commune[theme.percent_column], 0) + " %"; }
      SP.refill(tip, [
        commune ? el("b", {}, commune.name) : null,
        site ? el("span", {}, [site.label || site.site_id, " · ", W.unit(site.score, 1, W.t("points"))]) : facility ? el("span", {}, facility.name || facility.facility_id) : null,
        reached ? el("span", {}, W.t("access_point_told", { minutes: W.number(reached.access_minutes, 1), share: W.number(reached.access_share_30_percent, 1) })) : null,
        site || facility || reached ? null : commune ? el("span", {}, theme.label + ": " + shown) : null
      ]);
      var box = view.map.getContainer().getBoundingClientRect();
      tip.hidden = false;
      var x = box.left + point.x + 16, y = box.top + point.y + 18;
      if (x + tip.offsetWidth > window.innerWidth - 8) x -= tip.offsetWidth + 28;
      if (y + tip.offsetHeight > window.innerHeight - 8) y -= tip.offsetHeight + 30;
      tip.style.left = x + "px"; tip.style.top = y + "px";
    },
    clicked: function (what, view) {
      hooks.moved(what.at);
      if (measure.active()) { tip.hidden = true; measure.add(what.at, view); return; }
      tip.hidden = true;
      if (what.site) return openSite(view, what.site.site_id, true);
      if (!what.commune) return;
      openCommune(what.commune.code, { still: true, view: two ? null : view });
      var extra = [what.facility ? cards.facility(what.facility) : null, cards.behind(what.behind)].filter(Boolean);
      var card = side.querySelector(".card");
      if (card && extra.length) extra.reverse().forEach(function (part) { card.insertBefore(part, card.querySelector(".figures") || card.querySelector("table")); });
    }
  };
  maps.forEach(function (map, i) {
    var own = Object.assign({}, hooks, { clicked: function (what) { hooks.clicked(what, views[i]); } });
    views.push(SP.view(map, content, SP.model(content, content.runs[shownRuns[i]], W), W, rowsOf, own));
  });

  var cards = SP.cards(content, W, {
    openSite: function (model, id) { openSite(views.find(function (v) { return v.model === model; }) || views[0], id); },
    flyToSite: function (id) { (views.find(function (v) { return v.model.bySite.has(id); }) || views[0]).flyToSite(id); }
  });
  var legend = SP.legend(content, W, views, { close: function () { openDrawer(false); layersButton.focus(); }, changed: function () { refreshLegends(); keepAddress(); } });
  drawer.appendChild(legend.drawer());
  var ranking = SP.ranking(content, W, views, {
    open: function (code) { openCommune(code, {}); },
    theme: setTheme
  });
  side.appendChild(ranking.node);
  var trial = trialButton ? SP.trial(content, W, views, { close: function () { openTrial(false); trialButton.focus(); }, changed: function () {
    trial.banner.hidden = !trial.active();
    app.classList.toggle("trial-on", trial.active());
    views.forEach(function (v) { v.rescored(); });
    markDifferences();
    ranking.refresh();
    refreshLegends();
    refreshCard();
  } }) : null;
  if (trial) { trialPanel.appendChild(trial.node); app.insertBefore(trial.banner, app.querySelector(".body")); }
  // two maps share one legend, which then stands with the list
  if (two) {
    ranking.node.querySelector(".controls").appendChild(legendBoxes[0]);
    if (content.verdict.length) ranking.node.querySelector(".controls").appendChild(el("details.verdict", {}, [
      el("summary", {}, W.t("verdict")), el("ul", {}, content.verdict.map(function (line) { return el("li", {}, line); }))
    ]));
  }
  // ---- years, measuring, printing
  var years = SP.years(content, W, views, { changed: function () { if (begun) { refreshLegends(); keepAddress(); } } });
  if (years) stage.appendChild(years.node); else yearsButton.remove();
  var measure = SP.measure(content, W, views, project, { changed: function (on) { measureButton.setAttribute("aria-pressed", on ? "true" : "false"); } });
  stage.appendChild(measure.node);
  L.DomEvent.disableClickPropagation(measure.node);
  var printing = SP.print(content, W, views, project, legend, {
    stage: stage, stamp: stampOf, year: function () { return years && !years.node.hidden ? years.year() : null; }, trial: function () { return !!trial && trial.active(); },
    closed: function () { printButton.focus(); }
  });
  var themeBefore = null, freedByYears = false, begun = false;
  function setTheme(key) {
    views.forEach(function (v) { v.setTheme(key); });
    var own = years && key === years.theme;
    document.getElementById("theme").value = key;
    if (years) {
      var whole = begun && views[0].isHome() && years.node.hidden === own;
      years.show(own);
      if (whole) views[0].fit(false);
      yearsButton.setAttribute("aria-pressed", own ? "true" : "false");
      if (own && !views[0].layers.freed.isOn()) { switchLayer("freed", true); freedByYears = true; }
      if (!own && freedByYears) { switchLayer("freed", false); freedByYears = false; }
    }
    if (begun) { refreshLegends(); keepAddress(); }
  }
  function showYears(wanted) {
    if (wanted) themeBefore = views[0].theme().key;
    setTheme(wanted ? years.theme : themeBefore && themeBefore !== years.theme ? themeBefore : start);
  }
  function switchLayer(key, on) {
    var box = document.getElementById("layer-" + key);
    if (!box || box.checked === on) return;
    box.checked = on;
    box.dispatchEvent(new Event("change"));
  }
  function turn(stacked) {
    stage.classList.toggle("stacked", stacked);
    turnButton.setAttribute("aria-pressed", stacked ? "true" : "false");
    views.forEach(function (v) { v.resized(); });
    maps[1].setView(maps[0].getCenter(), maps[0].getZoom(), { animate: false });
  }

  // ---- the address keeps the view
  var keeping = null;
  function keepAddress() {
    if (!begun || keeping) return;
    keeping = window.setTimeout(function () {
      keeping = null;
      if (printing.isOpen()) return;
      var v = views[0], chosen = v.chosen();
      if (two && !chosen.site) chosen.site = views[1].chosen().site;
      SP.address.write({
        view: [v.map.getCenter(), v.map.getZoom()], theme: v.theme().key, commune: chosen.commune, site: chosen.site,
        layers: v.order.filter(function (l) { return l.isOn(); }).map(function (l) {
          return { key: l.key, opacity: l.item.opacity === l.opacityAsked ? null : l.item.opacity, off: l.off() };
        }),
        year: years && !years.node.hidden ? years.year() : null, runs: two && content.runs.length > 2 ? shownRuns.map(function (k) { return k + 1; }) : null
      });
    }, 120);
  }
  // what the address names and the page does not know is passed over
  function applyAddress(a) {
    if (a.layers) views[0].order.forEach(function (l) {
      var wanted = a.layers.find(function (one) { return one.key === l.key; });
      switchLayer(l.key, !!wanted);
      legend.set(l.key, wanted && wanted.opacity !== null ? wanted.opacity : l.opacityAsked, wanted ? wanted.off : []);
    });
    if (a.theme && content.themes.some(function (t) { return t.key === a.theme; })) setTheme(a.theme);
    if (a.year && years && !years.node.hidden) years.set(a.year);
    var owner = a.site ? views.find(function (v) { return v.model.bySite.has(a.site); }) : null;
    if (owner) openSite(owner, a.site, true);
    else if (a.commune && views[0].model.byCode.has(a.commune)) openCommune(a.commune, { still: true });
    else if (side.querySelector(".card")) toList();
    if (a.view) maps[0].setView([a.view[0], a.view[1]], a.view[2], { animate: false });
  }
  window.addEventListener("hashchange", function () { applyAddress(SP.address.read()); });

  function refreshLegends() {
    views.slice(0, 1).forEach(function (v, i) {
      if (!v.theme()) return;
      var before = legendBoxes[i].querySelector("details"), open = before ? before.open : null, made = legend.onMap(v);
      if (open !== null) made.open = open;
      if (!before || !before.isEqualNode(made)) SP.refill(legendBoxes[i], made);
    });
  }

  // ---- list and cards
  var shownCard = null;
  function refreshCard() {
    if (!shownCard || !side.querySelector(".card")) return;
    var top = side.scrollTop, open = shownCard;
    showCard(open(), open, true);
    side.scrollTop = top;
  }
  function showCard(card, again, still) {
    shownCard = again || null;
    ranking.node.hidden = true;
    Array.from(side.querySelectorAll(".card")).forEach(function (n) { n.remove(); });
    side.appendChild(card);
    side.scrollTop = 0;
    side.classList.add("with-card");
    var title = card.querySelector("h2");
    if (title && !still) title.focus({ preventScroll: true });
  }
  function toList() {
    var card = side.querySelector(".card"), code = card && card.dataset.commune;
    if (card) card.remove();
    side.classList.remove("with-card");
    ranking.node.hidden = false;
    views.forEach(function (v) { v.choose(null, null); });
    ranking.setChosen(null);
    keepAddress();
    if (code) ranking.focus(code);
  }
  function openCommune(code, how) {
    views.forEach(function (v) { v.choose(code, null); });
    ranking.setChosen(code);
    keepAddress();
    if (!how.still) views.slice(0, 1).forEach(function (v) { v.flyToCommune(code); });
    if (two && !how.view) {
      var both = function () { return cards.both(views, code, { back: toList, full: function (v) { openCommune(code, { still: true, view: v }); } }); };
      showCard(both(), both);
      return;
    }
    var view = how.view || views[0];
    var made = function () {
      return cards.commune(view, view.model.byCode.get(code), two
        ? { back: function () { openCommune(code, { still: true }); }, backLabel: W.t("both_options") }
        : { back: toList });
    };
    showCard(made(), made);
  }
  function openSite(view, id, still) {
    var s = view.model.bySite.get(id);
    views.forEach(function (v) { v.choose(s.commune_code, v === view ? id : null); });
    ranking.setChosen(s.commune_code);
    keepAddress();
    if (!still) view.flyToSite(id);
    var made = function () { return cards.site(view, s, { back: function () { openCommune(s.commune_code, { still: true, view: two ? view : null }); } }); };
    showCard(made(), made);
  }
  function openTrial(wanted) {
    if (wanted) openDrawer(false);
    trialPanel.hidden = !wanted;
    trialButton.setAttribute("aria-expanded", wanted ? "true" : "false");
    views.forEach(function (v) { v.resized(); });
    if (wanted) trialPanel.querySelector("input").focus({ preventScroll: true });
  }
  function openDrawer(wanted) {
    if (wanted && trialButton && !trialPanel.hidden) { trialPanel.hidden = true; trialButton.setAttribute("aria-expanded", "false"); }
    drawer.hidden = !wanted;
    // the drawer says what the small legend says, and the map beside it is narrow
    if (!two) legendBoxes[0].hidden = wanted && window.innerWidth < 1600;
    layersButton.setAttribute("aria-expanded", wanted ? "true" : "false");
    views.forEach(function (v) { v.resized(); });
    if (wanted) drawer.querySelector(".close").focus();
  }
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      if (!ranking.node.hidden) document.getElementById("search").focus();
      event.preventDefault();
    }
    if (event.key !== "Escape") return;
    if (printing.isOpen()) { printing.close(); return; }
    if (measure.active()) { measure.set(false); measureButton.focus(); return; }
    if (trialButton && !trialPanel.hidden && (narrow() || trialPanel.contains(document.activeElement))) { openTrial(false); trialButton.focus(); return; }
    if (!drawer.hidden && (narrow() || drawer.contains(document.activeElement))) { openDrawer(false); layersButton.focus(); return; }
    var backButton = side.querySelector(".card .back");
    if (backButton) backButton.click();
  });

  // ---- two maps that move as one, and what differs between them
  function show(i, run) {
    shownRuns[i] = run;
    window.history.replaceState(null, "", "#r=" + shownRuns.map(function (k) { return k + 1; }).join(","));
    window.location.reload();
  }
  function markDifferences() {
    if (!two) return;
    var ownWords = content.differing && content.runs.length === 2 && !(trial && trial.active());
    var differing = new Set(ownWords ? content.differing : []);
    if (!ownWords) views[0].model.communes.forEach(function (c) {
      var other = views[1].model.byCode.get(c.code);
      if (!other || other.phase_state !== c.phase_state || other.best_site_id !== c.best_site_id || other.start_year !== c.start_year) differing.add(c.code);
    });
    views.forEach(function (v) { v.setDiffering(differing); });
    ranking.setDiffering(differing);
  }
  if (two) {
    var following = false;
    maps.forEach(function (map, i) {
      map.on("move", function () {
        if (following) return;
        following = true;
        maps[1 - i].setView(map.getCenter(), map.getZoom(), { animate: false });
        following = false;
      });
    });
  }

  var start = (content.themes.find(function (t) { return two ? t.kind === "phases" : t.default; }) || content.themes[0]).key;
  document.getElementById("theme").value = start;
  if (window.innerWidth >= 1600 && !two) { drawer.hidden = false; layersButton.setAttribute("aria-expanded", "true"); }
  function begin() {
    maps.forEach(function (m) { m.invalidateSize({ animate: false }); });
    views.forEach(function (v) { v.start(start); });
    markDifferences();
    refreshLegends();
    begun = true;
    if (content.focus && !asked.commune && !asked.site) asked.commune = content.focus;
    applyAddress(asked);
    maps.forEach(function (m) { m.on("moveend", keepAddress); });
    app.classList.add("ready");
  }
  (document.fonts && document.fonts.ready ? document.fonts.load("600 12px 'Be Vietnam Pro'").then(begin, begin) : begin());
  window.addEventListener("resize", function () { views.forEach(function (v) { v.resized(); }); });
};
