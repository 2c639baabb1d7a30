// The list of communes: sorted, searched with or without accents, filtered; a line opens the commune.
SP.ranking = function (content, W, views, hooks) {
  var theme = content.themes.find(function (t) { return t.kind === "phases"; });
  var R = {}, first = views[0].model, two = views.length > 1;
  var state = { sort: "rank", down: false, kind: "", border: false, phase: "", check: "", gaps: "", differing: false, words: "" };
  var differing = new Set();
  var folded = new Map(first.communes.map(function (c) { return [c.code, " " + W.fold((c.kind || "") + " " + c.name) + " " + c.code]; }));

  function phaseClass(model, commune) {
    var theme = content.themes.find(function (t) { return t.kind === "phases"; });
    var i = theme ? model.classOf(theme, commune) : -1;
    return i < 0 ? { colour: "#d5d6d3", label: W.t("no_phase") } : theme.classes[i];
  }
  function dot(model, commune) {
    var c = phaseClass(model, commune);
    return SP.el("i.phase-dot", { css: { background: c.colour }, title: c.label }, SP.el("span.sr", {}, c.label));
  }

  var keys = {
    rank: function (c) { return c.priority_rank; },
    name: function (c) { return W.fold(c.name); },
    points: function (c) { return c.priority_points; },
    need: function (c) { return c.deficit_floor_area_m2; },
    phase: function (c) { return phaseKey(first, c); }
  };
  if (two) views.forEach(function (v, i) {
    keys["option" + i] = function (c) { var own = v.model.byCode.get(c.code); return own ? phaseKey(v.model, own) : null; };
  });
  // in the order of the phases, then by rank
  function phaseKey(model, c) {
    var i = theme ? model.classOf(theme, c) : -1;
    return (i < 0 ? 99 : i) * 1000 + (c.priority_rank || 999);
  }
  function compared(a, b) {
    var x = keys[state.sort](a), y = keys[state.sort](b);
    var none = (x === null || x === undefined ? 1 : 0) - (y === null || y === undefined ? 1 : 0);
    if (none) return none;  // what is missing stays below, whichever way the list runs
    var way = x < y ? -1 : x > y ? 1 : 0;
    return (state.down ? -way : way) || (a.code < b.code ? -1 : 1);
  }
  function gaps(c, which) {
    if (which === "coverage") return c.coverage_percent !== null && c.coverage_percent < 100;
    if (which === "need") return c.gap_basis === "missing" || c.gap_basis === "estimated";
    if (which === "priority") return !!c.priority_missing;
    return !c.best_site_id;
  }
  function kept(c) {
    var words = W.fold(state.words);
    if (words && folded.get(c.code).indexOf(words) < 0) return false;
    if (state.kind && c.kind !== state.kind) return false;
    if (state.border && !c.is_border) return false;
    if (state.check && c.best_check_result !== state.check) return false;
    if (state.gaps && !gaps(c, state.gaps)) return false;
    if (state.differing && !differing.has(c.code)) return false;
    if (state.phase && !views.some(function (v) { return v.model.byCode.get(c.code) && v.model.byCode.get(c.code).phase_state === state.phase; })) return false;
    return true;
  }

  var list = SP.el("ol.ranking", { "aria-label": W.t("ranking") }), count = SP.el("p.count", { role: "status" });
  // under trial weights: how many places a commune has gained or lost
  function step(c) {
    if (c.official_rank === undefined || c.official_rank === null || c.official_rank === c.priority_rank || c.priority_rank === null) return null;
    var gained = c.official_rank - c.priority_rank;
    return SP.el("small.step" + (gained > 0 ? ".up" : ".down"), { title: W.t("trial_rank_was", { rank: c.official_rank }) }, (gained > 0 ? "▲" : "▼") + Math.abs(gained));
  }
  // a line is made once; later only what changed on it is written again, and the browser lays out no more than that
  var lines = new Map();
  function part(node, shown, fill) {
    if (node.shown === shown) return;
    node.shown = shown;
    SP.refill(node, fill());
  }
  function line(c) {
    if (!lines.has(c.code)) lines.set(c.code, made(c));
    var L = lines.get(c.code);
    if (state.chosen === c.code) L.button.setAttribute("aria-current", "true"); else L.button.removeAttribute("aria-current");
    part(L.rank, [c.priority_rank, two || c.official_rank].join(), function () { return [c.priority_rank === null ? "–" : c.priority_rank, two ? null : step(c)]; });
    part(L.differs, String(differing.has(c.code)), function () { return two && differing.has(c.code) ? SP.el("abbr.badge.differs", { title: W.t("differs") }, "≠") : null; });
    if (!two) { SP.tell(L.cells[0], W.number(c.priority_points, 1)); SP.tell(L.cells[1], W.number(c.deficit_floor_area_m2, 0)); return L.node; }
    views.forEach(function (v, i) {
      var own = v.model.byCode.get(c.code);
      part(L.cells[i], own ? [own.priority_rank, own.official_rank, own.phase_state].join() : "", function () { return own ? [step(own), own.priority_rank, dot(v.model, own)] : "–"; });
    });
    return L.node;
  }
  function made(c) {
    var badges = [], L = { rank: SP.el("span.rank"), differs: SP.el("span"), cells: [SP.el("span.cell"), SP.el("span.cell")] };
    if (c.is_border) badges.push(SP.el("abbr.badge.border", { title: W.t("border_commune") }, W.t("badge_border")));
    if (c.is_central_ward) badges.push(SP.el("abbr.badge.ward", { title: W.t("central_ward") }, W.t("badge_ward")));
    L.button = SP.el("button.line", { type: "button", "data-code": c.code, on: { click: function () { hooks.open(c.code); } } }, [
      L.rank, SP.el("span.name", {}, [SP.el("span", {}, c.name), badges, L.differs]), L.cells, two ? null : dot(first, c)
    ]);
    L.node = SP.el("li", {}, L.button);
    return L;
  }
  R.refresh = function () {
    var rows = first.communes.filter(kept).sort(compared);
    SP.arrange(list, rows.length ? rows.map(line) : [SP.el("li.empty", {}, W.t("nothing_found"))]);
    SP.tell(count, W.t("count", { shown: rows.length, all: first.communes.length }));
    heads.forEach(function (h) { h.refresh(); });
    return rows;
  };

  var heads = [];
  function head(key, text, title) {
    var arrow = SP.el("i", { "aria-hidden": "true" });
    var button = SP.el("button.sort", { type: "button", title: title || text, on: { click: function () {
      var numbers = key === "points" || key === "need";
      if (state.sort === key) state.down = !state.down; else { state.sort = key; state.down = numbers; }
      R.refresh();
    } } }, [text, arrow]);
    heads.push({ refresh: function () {
      var own = state.sort === key;
      SP.tell(arrow, own ? (state.down ? "▼" : "▲") : "");
      button.setAttribute("aria-pressed", own ? "true" : "false");
    } });
    return button;
  }

  function select(label, options, change) {
    return SP.el("select", { "aria-label": label, title: label, on: { change: function () { change(this.value); R.refresh(); } } },
      options.map(function (o) { return SP.el("option", { value: o[0] }, o[1]); }));
  }
  function uniqueOf(column) {
    var seen = new Set();
    views.forEach(function (v) { v.model.communes.forEach(function (c) { if (c[column]) seen.add(c[column]); }); });
    return seen;
  }

  var search = SP.el("input", {
    type: "search", id: "search", placeholder: W.t("search_hint"), "aria-label": W.t("search"), autocomplete: "off", spellcheck: "false",
    on: {
      input: function () { state.words = search.value; R.refresh(); },
      keydown: function (event) {
        var buttons = list.querySelectorAll("button.line");
        if (event.key === "Enter" && buttons.length) { hooks.open(buttons[0].dataset.code); event.preventDefault(); }
        if (event.key === "ArrowDown" && buttons.length) { buttons[0].focus(); event.preventDefault(); }
        if (event.key === "Escape" && search.value) { search.value = ""; state.words = ""; R.refresh(); event.stopPropagation(); }
      }
    }
  });
  list.addEventListener("keydown", function (event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    var buttons = Array.from(list.querySelectorAll("button.line")), i = buttons.indexOf(document.activeElement);
    var next = buttons[i + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) next.focus(); else if (i === 0) search.focus();
    event.preventDefault();
  });

  var phases = theme ? theme.classes.filter(function (c) { return uniqueOf("phase_state").has(c.token); }).map(function (c) { return [c.token, c.label]; }) : [];
  var checkTheme = content.themes.find(function (t) { return t.column === "best_check_result"; });
  var checks = checkTheme ? checkTheme.classes.filter(function (c) { return uniqueOf("best_check_result").has(c.token); }).map(function (c) { return [c.token, c.label]; }) : [];
  function tick(label, key) {
    var box = SP.el("input", { type: "checkbox", on: { change: function () { state[key] = box.checked; R.refresh(); } } });
    return SP.el("label.tick", {}, [box, label]);
  }
  var themeChoice = SP.el("select", { id: "theme", on: { change: function () { hooks.theme(themeChoice.value); } } },
    content.themes.map(function (t) { return SP.el("option", { value: t.key, selected: t.default }, t.label); }));

  R.node = SP.el("div.list-panel", {}, [
    SP.el("div.controls", {}, [
      SP.el("div.field", {}, [SP.el("label", { "for": "theme" }, W.t("colour_by")), themeChoice]),
      search,
      SP.el("div.filters", {}, [
        select(W.t("filter_kind"), [["", W.t("all_kinds")]].concat(Array.from(uniqueOf("kind")).sort().reverse().map(function (k) { return [k, W.token("kind", k)]; })), function (v) { state.kind = v; }),
        select(W.t("filter_phase"), [["", W.t("all_phases")]].concat(phases), function (v) { state.phase = v; }),
        select(W.t("filter_check"), [["", W.t("all_checks")]].concat(checks), function (v) { state.check = v; }),
        select(W.t("filter_gaps"), [["", W.t("all_gaps")]].concat(["need", "priority", "coverage", "site"].map(function (k) { return [k, W.t("gaps_" + k)]; })), function (v) { state.gaps = v; }),
        tick(W.t("only_border"), "border"),
        two ? tick(W.t("only_differing"), "differing") : null
      ])
    ]),
    SP.el("div.heads" + (two ? ".two" : ""), {}, [
      head("rank", W.t("col_rank"), W.t("col_rank_title")), head("name", W.t("col_name")),
      two ? views.map(function (v, i) { return head("option" + i, W.t("col_option", { number: i + 1 }), v.model.run.title); })
        : [head("points", W.t("col_points"), W.t("col_points_title")), head("need", W.t("col_need"), W.t("col_need_title")), head("phase", W.t("col_phase"), W.t("col_phase_title"))]
    ]),
    list, count
  ]);
  if (two) R.node.classList.add("two");
  R.setChosen = function (code) {
    state.chosen = code;
    Array.from(list.querySelectorAll("button.line")).forEach(function (b) {
      if (b.dataset.code === code) b.setAttribute("aria-current", "true"); else b.removeAttribute("aria-current");
    });
  };
  R.setDiffering = function (codes) { differing = codes; R.refresh(); };
  R.focus = function (code) {
    var found = Array.from(list.querySelectorAll("button.line")).find(function (b) { return b.dataset.code === code; });
    (found || search).focus();
  };
  R.refresh();
  return R;
};
