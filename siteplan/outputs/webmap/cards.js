// The cards of a commune, of a site, of an old facility: what the run says, with its reasons.
SP.cards = function (content, W, hooks) {
  var el = SP.el, C = {};
  var checkColours = {};
  (content.background.legend.find(function (l) { return l.key === "sites"; }) || { classes: [] }).classes.forEach(function (c) { checkColours[c.token] = c; });
  var effectColours = {};
  (content.background.legend.find(function (l) { return l.key === "conflicts"; }) || { classes: [] }).classes.forEach(function (c) { effectColours[c.token] = c; });
  var fateColours = {};
  (content.background.legend.find(function (l) { return l.key === "facilities"; }) || { classes: [] }).classes.forEach(function (c) { fateColours[c.token] = c; });

  function section(title, children, extra) {
    return el("section.part", {}, [el("h3", {}, [title, extra || null]), children]);
  }
  function chip(colours, column, token) {
    var look = colours[token] || colours.other || {};
    return el("span.chip", {}, [el("i", { css: { background: look.fill || "#7a7f85" }, "aria-hidden": "true" }), (look.token === token && look.label) || W.token(column, token) || W.t("not_checked")]);
  }
  function facts(pairs) {
    var list = el("dl.facts", {});
    pairs.forEach(function (p) {
      if (p[1] === null || p[1] === undefined || p[1] === "" || p[1] === "–") return;
      SP.put(list, [el("dt", {}, p[0]), el("dd", {}, p[1])]);
    });
    return list.childNodes.length ? list : null;
  }
  function reasons(list, none) {
    if (!list || !list.length) return none ? el("p.quiet", {}, none) : null;
    return el("ul.reasons", {}, list.map(function (r) { return el("li", {}, r); }));
  }
  function back(label, action) {
    return el("button.back", { type: "button", on: { click: action } }, ["‹ ", label]);
  }
  function restsOn(model, tokens) {
    if (!tokens) return null;
    var layers = [], assumed = [];
    tokens.split("; ").forEach(function (token) {
      var at = token.indexOf(":"), kind = token.slice(0, at), name = token.slice(at + 1);
      if (kind === "layer") {
        var source = model.sources.find(function (s) { return s.layer === name; });
        layers.push(source && source.role ? content.lang !== "en" && source.title || C.roleName(source.role) : W.t("withheld_layer"));
      } else if (kind === "assumption") {
        var a = model.assumption.get(name);
        assumed.push(a && a.statement.length ? a.statement.join(" ") + (a.value ? " (" + [a.value, a.unit].filter(Boolean).join(" ") + ")" : "") : name);
      } else assumed.push(token);
    });
    if (!layers.length && !assumed.length) return null;
    return el("details.rests", {}, [
      el("summary", {}, W.t("rests_on", { layers: layers.length, assumptions: assumed.length })),
      layers.length ? [el("h4", {}, W.t("rests_layers")), el("ul", {}, layers.map(function (l) { return el("li", {}, l); }))] : null,
      assumed.length ? [el("h4", {}, W.t("rests_assumptions")), el("ul", {}, assumed.map(function (a) { return el("li", {}, a); }))] : null
    ]);
  }

  function criterionOf(model, of, key) {
    return model.run.criteria[of + ":" + key] || { label: W.token("criterion", key), unit: "" };
  }
  // a token that was scored, in the words of its column, whatever the criterion calls it
  function wordsOf(column, raw) {
    return [column, "conformity", "check_result", "clearance", "hazard_level", "road_class", "gate_class"].map(function (name) { return W.token(name, raw); })
      .find(function (words) { return words !== raw; }) || raw;
  }
  // one line a criterion: its share of the points it could give, and what was measured
  function bars(model, of, rows) {
    if (!rows.length) return null;
    var widest = rows.reduce(function (m, s) { return Math.max(m, s.weight || 0); }, 0) || 1;
    // where criteria lack data their weight is spread over the others: what a criterion could give is then more
    var known = rows.find(function (s) { return !s.missing && s.scaled > 0 && s.weight > 0; });
    var spread = known ? known.points / (known.scaled * known.weight) : 1;
    return el("div.bars", {}, rows.map(function (s) {
      var c = criterionOf(model, of, s.criterion), most = (s.weight || 0) * spread;
      var share = Math.max(0, Math.min(1, s.scaled !== null ? s.scaled : (s.points || 0) / (most || 1)));
      var raw = s.raw === null || s.raw === "" ? null : String(s.raw);
      var number = raw !== null && /^-?\d+(\.\d+)?$/.test(raw) ? W.number(Number(raw), Number(raw) % 1 ? 2 : 0) : raw === "True" || raw === "true" ? W.t("yes") : raw === "False" || raw === "false" ? W.t("no") : raw === null ? null : wordsOf(c.column, raw);
      var measured = s.missing ? W.t("missing") : number === null ? "" : number + (c.unit ? " " + c.unit : "");
      return el("div.measure" + (s.missing ? ".missing" : ""), { title: [c.label, measured, c.basis].filter(Boolean).join(" · ") }, [
        el("span.bar-name", {}, c.label), el("span.bar-raw", {}, measured),
        el("span.bar-track", { css: { width: Math.max(8, 100 * (s.weight || 0) / widest) + "%" } }, el("i", { css: { width: 100 * share + "%" } })),
        el("span.bar-points", {}, s.missing ? "–" : W.number(s.points, 1) + (s.weight > 0 ? " / " + W.number(most, 1) : ""))
      ]);
    }));
  }

  function areaTable(c) {
    function row(label, floor, land, strong) {
      return el("tr" + (strong ? ".strong" : ""), {}, [el("th", { scope: "row" }, label), el("td", {}, W.number(floor, 0)), el("td", {}, W.number(land, 0))]);
    }
    return el("table.areas", {}, [
      el("thead", {}, el("tr", {}, [el("th", {}, W.t("areas_m2")), el("th", { scope: "col" }, W.t("floor")), el("th", { scope: "col" }, W.t("land"))])),
      el("tbody", {}, [
        row(W.t("needed"), c.required_floor_area_m2, c.required_land_area_m2, true),
        row(W.t("existing"), c.existing_floor_area_m2, c.existing_land_area_m2),
        row(W.t("kept"), c.kept_floor_area_m2, c.kept_land_area_m2),
        row(W.t("to_extend"), c.extension_floor_area_m2, c.extension_land_area_m2),
        row(W.t("to_build"), c.new_floor_area_m2, c.new_land_area_m2),
        row(W.t("deficit"), c.deficit_floor_area_m2, null, true)
      ])
    ]);
  }
  // three columns side by side, with the report and what was agreed
  function threeColumns(rows) {
    if (!rows || !rows.length) return null;
    var first = rows[0], agreed = rows.find(function (r) { return r.agreed_m2 !== null && r.agreed_reason; });
    var bounded = rows.find(function (r) { return r.item === "existing_floor" && r.low_m2 !== null; });
    return [
      el("h4", {}, W.t("columns_title")),
      el("table.areas", { "data-columns": "" }, [
        el("thead", {}, el("tr", {}, [el("th", {}, W.t("areas_m2"))].concat(["col_reported", "col_computed", "col_agreed"].map(function (key) { return el("th", { scope: "col" }, W.t(key)); })))),
        el("tbody", {}, rows.map(function (r) {
          return el("tr", {}, [el("th", { scope: "row" }, W.token("item", r.item))].concat([r.reported_m2, r.computed_m2, r.agreed_m2].map(function (v) { return el("td", {}, W.number(v, 0)); })));
        }))
      ]),
      first.report_no ? el("p.quiet", {}, W.t("report_of", { number: first.report_no, date: first.report_date ? W.date(first.report_date) : "–" })) : null,
      bounded ? el("p.quiet", {}, W.token("item", bounded.item) + ": " + W.t("bounds", { low: W.m2(bounded.low_m2), high: W.m2(bounded.high_m2) })) : null,
      agreed ? el("p.quiet", {}, W.t("agreed_by", { reason: agreed.agreed_reason, document: agreed.document || "–" })) : null
    ];
  }
  function threeScopes(rows) {
    if (!rows || !rows.length) return null;
    var planned = rows.find(function (r) { return r.planned; });
    return [
      el("h4", {}, W.t("scopes_title")),
      el("table.areas", { "data-scopes": "" }, [
        el("thead", {}, el("tr", {}, [el("th", {}, W.t("areas_m2")), el("th", { scope: "col" }, W.t("floor")), el("th", { scope: "col" }, W.t("land"))])),
        el("tbody", {}, rows.map(function (r) {
          return el("tr" + (r.planned ? ".strong" : ""), { title: (r.single_headquarters || []).join(" ") }, [
            el("th", { scope: "row" }, W.token("scope", r.scope)), el("td", {}, W.number(r.required_floor_area_m2, 0)), el("td", {}, W.number(r.required_land_area_m2, 0))]);
        }))
      ]),
      planned && planned.single_headquarters ? el("p.quiet", {}, planned.single_headquarters.join(" ")) : null
    ];
  }
  // the same steps as `siteplan need explain` prints
  function chain(rows) {
    if (!rows || !rows.length) return null;
    return el("details.rests", { "data-chain": "" }, [
      el("summary", {}, W.t("chain_show", { count: rows.length })),
      el("ol.chain", {}, rows.map(function (r) {
        var figure = r.value === null ? "" : " = " + W.number(r.value, r.unit === "m²" || r.value % 1 ? 2 : 0) + (r.unit ? " " + r.unit : "");
        return el("li", {}, [el("b", {}, W.token("item", r.item) + figure), r.binding ? el("em", {}, " ◄ " + W.t("binds")) : null,
          el("div", {}, r.formula), r.legal_basis ? el("div.basis", {}, r.legal_basis + (r.certainty ? " [" + r.certainty + "]" : "")) : null]);
      }))
    ]);
  }
  function areaBar(c) {
    var need = c.required_floor_area_m2;
    if (!need) return null;
    function part(name, value) {
      return value > 0 ? el("i." + name, { css: { width: Math.min(100, 100 * value / need) + "%" }, title: W.t(name) + ": " + W.m2(value) }) : null;
    }
    return el("div.area-bar", { role: "img", "aria-label": W.t("deficit") + " " + W.m2(c.deficit_floor_area_m2) }, [
      part("kept", c.kept_floor_area_m2), part("to_extend", c.extension_floor_area_m2), part("to_build", c.new_floor_area_m2)
    ]);
  }

  function years(p) {
    if (!p.start_year && !p.finish_year) return "";
    return p.start_year === p.finish_year || !p.finish_year ? String(p.start_year) : (p.start_year || "…") + "–" + p.finish_year;
  }
  function phaseName(model, p, commune) {
    // a waiting commune is listed under a phase, but not scheduled in it
    var name = p ? (p.status === "planned" ? p.phase : null) : commune && commune.phase;
    if (name) return W.token("phase", name);
    if (p && p.status) {
      var theme = content.themes.find(function (t) { return t.kind === "phases"; });
      var found = theme && theme.classes.find(function (k) { return k.token === p.status; });
      return found ? found.label : W.token("status", p.status);
    }
    return W.t("no_phase");
  }
  C.phaseName = phaseName;
  // what the programme of the option builds; beside it what the need asks for, where that is another
  function buildType(p, commune) {
    var needed = W.token("build_type", commune.build_type);
    if (!p || !p.build_type || p.build_type === commune.build_type) return needed;
    return W.t("build_type_instead", { built: W.token("build_type", p.build_type), needed: needed });
  }
  function withoutClearance(p) { return p && p.clearance_cost_included === false ? " (" + W.t("no_clearance") + ")" : ""; }
  // the year is named where it is the same for all that is shown
  function atPriceYear(models) {
    var base = models[0].run.price_base;
    var same = models.every(function (m) { return m.run.price_base === base; });
    return W.t("cost_at_price_year", { base: same ? base : W.t("price_base") });
  }
  C.years = years;

  function programmePart(model, c) {
    var rows = model.programmeOf.get(c.code) || [], own = model.planOf(c.code, model.run.option);
    var others = rows.filter(function (p) { return p !== own; });
    var label = function (key) { var o = model.run.options.find(function (x) { return x.key === key; }); return o ? o.label : key; };
    return section(W.t("phase_title"), [
      el("p.lead", {}, [el("strong", {}, phaseName(model, own, c)), own && years(own) ? " · " + years(own) : c.start_year ? " · " + years(c) : ""]),
      facts([
        [W.t("build_type"), buildType(own, c)],
        [atPriceYear([model]), own && own.cost_at_price_year !== null ? W.billion(own.cost_at_price_year) + withoutClearance(own) : null],
        [W.t("total_cost"), own && own.total_cost !== null ? W.billion(own.total_cost) + withoutClearance(own) : null],
        [W.t("locked"), own && own.locked ? W.t("yes") : null],
        [W.t("pilot"), own && own.pilot ? W.t("yes") : null]
      ]),
      reasons(own ? own.reasons : null),
      // why the need asks for what the option does not build
      own && own.build_type && own.build_type !== c.build_type ? el("p.lead", {}, W.t("reasons_of_need", { needed: W.token("build_type", c.build_type) })) : null,
      reasons(c.build_reasons),
      c.what_ifs && c.what_ifs.length ? [el("p.lead", { "data-what-ifs": c.code }, W.t("what_ifs")), reasons(c.what_ifs)] : null,
      others.length ? el("table.options", {}, el("tbody", {}, others.map(function (p) {
        return el("tr", {}, [el("th", { scope: "row" }, label(p.option)), el("td", {}, [phaseName(model, p, null), years(p) ? " · " + years(p) : ""])]);
      }))) : null
    ]);
  }

  function siteLine(model, s) {
    return el("li", {}, el("button.site-line", { type: "button", "data-site": s.site_id, on: { click: function () { hooks.openSite(model, s.site_id); } } }, [
      el("span.letter" + (s.is_best ? ".best" : ""), { title: W.token("letter", s.letter) }, s.letter || "?"),
      el("span.site-text", {}, [
        el("span.site-name", {}, [s.label || s.site_id, s.is_best ? el("em", {}, W.t("proposed")) : null, s.locked ? el("em", {}, W.t("locked")) : null]),
        el("span.site-sub", {}, [chip(checkColours, "check_result", s.check_result), " ", W.m2(s.area_m2), s.eligible === false ? el("span.warn", {}, W.t("not_eligible")) : null])
      ]),
      el("span.score", {}, [W.number(s.score, 1), el("small", {}, s.rank === null ? "" : W.t("rank_short", { rank: s.rank }))])
    ]));
  }
  function facilityLine(f) {
    return el("li.facility", {}, [
      el("span.site-name", {}, f.name || f.facility_id),
      el("span.site-sub", {}, [chip(fateColours, "treatment", f.treatment), f.decided ? el("em", {}, W.t("decided")) : null, f.free_year ? W.t("free_in", { year: f.free_year }) : null]),
      el("span.site-sub", {}, [W.t("floor"), " ", W.m2(f.floor_area_m2), " · ", W.t("land"), " ", W.m2(f.land_area_m2), f.condition ? " · " + W.token("condition", f.condition) : "", f.year_built ? " · " + f.year_built : ""]),
      f.decision_no ? el("span.site-sub", {}, W.t("decision", { number: f.decision_no })) : null,
      f.position_assumed ? el("span.site-sub.warn", {}, W.t("position_assumed")) : null,
      f.fate_reasons && f.fate_reasons.length ? el("span.site-sub", {}, f.fate_reasons.join("; ")) : null,
      f.fate_basis ? el("span.site-sub.basis", {}, f.fate_basis) : null
    ]);
  }
  function coveragePart(model, c) {
    var rows = (model.coverageOf.get(c.code) || []).filter(function (r) { return r.status !== "covered"; });
    rows.sort(function (a, b) { return (b.mandatory ? 1 : 0) - (a.mandatory ? 1 : 0) || (a.role < b.role ? -1 : 1); });
    return section(W.t("coverage_title"), [
      el("p.lead", {}, W.t("coverage_percent", { percent: W.number(c.coverage_percent, 1) })),
      rows.length ? el("ul.gaps", {}, rows.map(function (r) {
        return el("li", {}, [el("span", {}, [C.roleName(r.role), r.mandatory ? el("em", {}, W.t("mandatory")) : null]),
          el("b", {}, [W.token("status", r.status), r.percent !== null && r.status === "partly" ? " " + W.number(r.percent, 0) + " %" : ""]),
          r.notes && r.notes.length ? el("small", {}, r.notes.join("; ")) : null]);
      })) : el("p.quiet", {}, W.t("no_gaps")),
      rows.length ? el("p.quiet", {}, W.t("no_data_is_not_no_conflict")) : null
    ]);
  }
  C.roleName = function (role) {
    var at = String(role).indexOf("/");
    if (at < 0) return W.token("role", role);
    return C.planKind(role.slice(at + 1));
  };
  C.planKind = function (kind) { return W.token("plan_kind", kind); };

  // where a figure of a criterion does not count what its name suggests, what it counts
  function countedAs(c, base, facilities) {
    function scored(key) { return base.find(function (s) { return s.criterion === key && !s.missing && s.raw !== null && s.raw !== ""; }); }
    var spread = scored("dispersal"), told = [];
    if (spread && c.former_unit_count !== null && Number(spread.raw) > c.former_unit_count) told.push(W.t("dispersal_counts", { units: W.number(Number(spread.raw), 0), former: W.number(c.former_unit_count, 0) }));
    // plots already given to another use are not among the buildings of the commune
    var own = facilities.filter(function (f) { return !f.decided_treatment || f.decided_treatment === "keep"; });
    var known = own.filter(function (f) { return f.condition && f.floor_area_m2 !== null; });
    if (scored("condition") && known.length < own.length) told.push(W.t("condition_counts", { known: known.length, all: own.length }));
    return told.map(function (words) { return el("p.quiet", { "data-counts": "" }, words); });
  }

  C.commune = function (view, c, options) {
    var model = view.model, sites = model.sitesOf.get(c.code) || [], facilities = model.facilitiesOf.get(c.code) || [];
    var scores = model.scoresOf("commune", c.code);
    var base = scores.filter(function (s) { return s.block !== "supplement"; }), extra = scores.filter(function (s) { return s.block === "supplement"; });
    var badges = [];
    if (c.is_border) badges.push(el("span.tag.border", {}, W.t("border_commune")));
    if (c.is_central_ward) badges.push(el("span.tag.ward", {}, W.t("central_ward")));
    if (c.gate_class && c.gate_class !== "none") badges.push(el("span.tag", {}, W.token("gate_class", c.gate_class)));
    if (c.is_atk) badges.push(el("span.tag", {}, W.t("atk")));
    if (c.is_former_district_seat) badges.push(el("span.tag", {}, W.t("former_seat")));
    var kind = c.kind ? W.token("kind", c.kind) + " " : "";
    return el("article.card", { "data-commune": c.code }, [
      back(options.backLabel || W.t("back_to_list"), options.back),
      el("header", {}, [
        el("h2", { tabindex: "-1" }, kind.charAt(0).toUpperCase() + kind.slice(1) + c.name),
        el("p.sub", {}, [W.t("code", { code: c.code }), c.former_district ? " · " + c.former_district : "", " · ", W.t("people", { count: W.number(c.population, 0) }), " · ", W.unit(c.area_km2, 1, "km²"), c.former_unit_count ? " · " + W.t("former_units", { count: c.former_unit_count }) : ""]),
        badges.length ? el("p.tags", {}, badges) : null
      ]),
      el("div.figures", {}, [
        figure(W.t("priority"), c.priority_rank === null ? "–" : W.t("rank_of", { rank: c.priority_rank, all: model.communes.length }), W.unit(c.priority_points, 1, W.t("points"))),
        figure(W.t("deficit"), W.m2(c.deficit_floor_area_m2), W.t("of_needed", { area: W.m2(c.required_floor_area_m2) })),
        figure(W.t("best_site"), c.best_site_score === null ? "–" : W.number(c.best_site_score, 1), c.best_check_result ? W.token("check_result", c.best_check_result) : W.t("no_site"))
      ]),
      programmePart(model, c),
      section(W.t("need_title"), [areaBar(c), areaTable(c), facts([
        [W.t("staff"), c.staff === null ? null : W.number(c.staff, 0) + (c.staff_basis ? " (" + W.token("staff_basis", c.staff_basis) + ")" : "")],
        [W.t("existing_basis"), W.token("gap_basis", c.gap_basis)],
        [W.t("binding_rule"), c.binding_rule ? W.token("binding_rule", c.binding_rule) : null],
        [W.t("report_state"), c.report_state ? W.token("report_state", c.report_state) : null],
        [W.t("unit_class"), c.unit_class ? W.token("unit_class", c.unit_class) + (c.unit_class_decision_no ? " (" + c.unit_class_decision_no + ")" : "") : null],
        [W.t("class_points"), c.classification_points === null ? null : W.number(c.classification_points, 1)]
      ]), threeColumns(model.figuresOf.get(c.code)), threeScopes(model.scopesOf.get(c.code)), chain(model.needsOf.get(c.code))]),
      section(W.t("priority_title"), [
        bars(model, "commune", base),
        countedAs(c, base, facilities),
        extra.length ? [el("h4", {}, W.t("supplements")), bars(model, "commune", extra)] : null,
        facts([
          [W.t("base_points"), W.unit(c.base_points, 1, "")], [W.t("supplement_points"), c.supplement_points ? "+" + W.number(c.supplement_points, 1) : null],
          [W.t("rank_without"), c.base_rank !== c.priority_rank ? c.base_rank : null],
          [W.t("criteria_missing"), c.priority_missing ? c.priority_missing.split(/[;,]\s*/).map(function (k) { return criterionOf(model, "commune", k).label; }).join("; ") : null]
        ])
      ]),
      section(W.t("sites_title"), [
        sites.length ? el("ol.sites", {}, sites.map(function (s) { return siteLine(model, s); })) : null,
        reasons(c.no_site_reasons, sites.length ? null : W.t("no_site")),
        facts([[W.t("eligible_land"), c.eligible_area_m2 === null ? null : W.unit(c.eligible_area_m2 / 10000, 1, "ha")]])
      ], el("small", {}, sites.length ? W.t("sites_count", { eligible: c.eligible_site_count === null ? "–" : c.eligible_site_count, all: sites.length }) : "")),
      section(W.t("facilities_title"), facilities.length ? el("ul.facilities", {}, facilities.map(facilityLine)) : el("p.quiet", {}, W.t("no_facilities"))),
      coveragePart(model, c),
      restsOn(model, c.rests_on)
    ]);
  };
  function figure(label, value, small) {
    return el("div.figure", {}, [el("span", {}, label), el("b", {}, value), el("small", {}, small)]);
  }

  function finding(f) {
    if (f.restricted && !f.title) return el("li.finding", {}, [chip(effectColours, "effect", f.effect), el("p.withheld", {}, f.treatment.join(" "))]);
    return el("li.finding", {}, [
      el("div.finding-head", {}, [chip(effectColours, "effect", f.effect), el("span", {}, W.token("relation", f.relation)), el("b", {}, [
        f.area_m2 === null ? "" : W.number(f.area_m2, f.area_m2 < 10 ? 1 : 0) + " m²",
        f.percent_of_site === null ? "" : " · " + W.number(f.percent_of_site, 1) + " %"])]),
      el("p.finding-title", {}, [f.title || W.token("source", f.source), f.illustrative ? el("em", {}, W.t("illustrative_short")) : null]),
      f.decision_no || f.plan_status ? el("p.finding-sub", {}, [
        f.decision_no ? W.t("decision", { number: f.decision_no }) : W.t("no_decision"),
        f.decision_date ? " " + W.t("of_date", { date: W.date(f.decision_date) }) : "",
        f.plan_status ? " · " + W.token("plan_status", f.plan_status) : ""]) : null,
      el("p.finding-sub", {}, [f.plan_kind ? C.planKind(f.plan_kind) : W.token("source", f.source), f["function"] ? " · " + W.t("function", { name: W.token("function", f["function"]) }) : "",
        f.authority ? " · " + f.authority : "", f.owner ? " · " + W.t("owner", { name: f.owner }) : ""]),
      f.treatment && f.treatment.length ? el("p.finding-treatment", {}, f.treatment.join("; ")) : null,
      f.shift_m === null ? null : el("p.finding-sub", {}, W.t("shift_clears", { metres: W.number(f.shift_m, 0), direction: W.token("shift_direction", f.shift_direction) })),
      f.legal_basis ? el("p.finding-sub.basis", {}, [f.legal_basis, f.certainty ? " [" + W.token("certainty", f.certainty) + "]" : ""]) : null,
      f.coordinates && f.coordinates.length ? el("details.finding-sub", {}, [el("summary", {}, W.t("corners")), f.coordinates.map(function (c) { return el("p", {}, c); })]) : null
    ]);
  }

  // what each plan that should cover the site says of it; for the sites proposed or ranked first
  function conformityOf(model, id) {
    var said = model.conformityOf.get(id) || [];
    if (!said.length) return null;
    return section(W.t("conformity_title"), el("ul.findings", {}, said.map(function (p) {
      return el("li.finding", { "data-conformity": p.conformity }, [
        el("p.finding-title", {}, [C.planKind(p.plan_kind) + ": ", el("b", {}, W.token("conformity", p.conformity)), p.illustrative ? el("em", {}, W.t("illustrative_short")) : null]),
        el("p.finding-sub", {}, [p.title, p.decision_no ? W.t("decision", { number: p.decision_no }) + (p.decision_date ? " " + W.t("of_date", { date: W.date(p.decision_date) }) : "") : null,
          W.token("conformity_basis", p.conformity_basis), p.mandatory ? W.t("mandatory") : null].filter(Boolean).join(" · "))
      ]);
    })));
  }

  // what people said of the site, beside the machine's answer
  function opinionsOf(model, id) {
    var said = model.opinionsOf.get(id) || [];
    if (!said.length) return null;
    return section(W.t("opinions_title"), [
      el("ul.findings", {}, said.map(function (o) {
        return el("li.finding", {}, [
          el("p.finding-title", {}, [W.token("opinion", o.opinion), " · ", W.token("opinion_state", o.opinion_state)]),
          el("p.finding-sub", {}, [o.officer, o.opinion_date ? " · " + W.date(o.opinion_date) : "", o.document ? " · " + o.document : "", o.zone_id ? " · " + W.t("opinion_zone", { id: o.zone_id }) : ""]),
          o.reason ? el("p.finding-sub", {}, o.reason) : null,
          o.state_reasons && o.state_reasons.length ? el("p.finding-treatment", {}, o.state_reasons.join("; ")) : null
        ]);
      })),
      el("p.quiet", {}, W.t("opinions_stand_beside"))
    ]);
  }

  // what the agencies answered in writing; a request on the site as a whole has the zone "*"
  function answersOf(model, id) {
    var given = model.answersOf.get(id) || [], found = model.conflictsOf.get(id) || [];
    if (!given.length) return null;
    function about(zone) {
      if (!zone || zone === "*") return " · " + W.t("answer_whole");
      var finding = found.find(function (f) { return f.zone_id === zone; });
      return " · " + W.t("opinion_zone", { id: zone }) + (finding && finding.title ? " (" + finding.title + ")" : "");
    }
    return section(W.t("answers_title"), [
      el("ul.findings", {}, given.map(function (a) {
        return el("li.finding", { "data-answer": a.answer }, [
          el("p.finding-title", {}, [a.agency, ": ", W.token("answer", a.answer)]),
          el("p.finding-sub", {}, [a.document_no ? W.t("answer_document", { number: a.document_no }) : "", a.document_date ? " " + W.t("of_date", { date: W.date(a.document_date) }) : "", a.zone_id === null ? "" : about(a.zone_id)]),
          a.conditions ? el("p.finding-treatment", {}, a.conditions) : null
        ]);
      })),
      el("p.quiet", {}, W.t("answers_stand_beside"))
    ]);
  }

  // a figure without which a site could look safe is never left out: where it is empty that is said
  function measures(s) {
    function assessed(there, words) { return there === null || there === undefined || there === "" ? W.t("not_assessed") : words(); }
    function listed(words) { return words && words.length ? words.join("; ") : W.t("not_assessed"); }
    return [
      [W.t("slope"), assessed(s.slope_mean_percent, function () { return W.number(s.slope_mean_percent, 1) + " % (" + W.t("most") + " " + W.number(s.slope_max_percent, 1) + " %)" + (s.dem_resolution_m ? " · " + W.t("terrain_of", { metres: W.number(s.dem_resolution_m, 0) }) : ""); })],
      [W.t("elevation"), W.unit(s.elevation_mean_m, 0, "m")],
      [W.t("earthworks"), assessed(s.cut_m3, function () { return W.t("cut_fill", { cut: W.number(s.cut_m3, 0), fill: W.number(s.fill_m3, 0), level: W.number(s.platform_level_m, 2) }); })],
      [W.t("access"), W.unit(s.access_minutes, 0, W.t("minutes"))], [W.t("within_30"), W.unit(s.access_share_30_percent, 0, "%")],
      [W.t("road"), s.road_distance_m === null ? null : W.unit(s.road_distance_m, 0, "m") + (s.road_class ? " (" + W.token("road_class", s.road_class) + ")" : "")],
      [W.t("main_road"), W.unit(s.main_road_distance_m, 0, "m")], [W.t("seat"), W.unit(s.seat_distance_m, 0, "m")],
      [W.t("services"), W.unit(s.service_distance_m, 0, "m")], [W.t("power"), W.unit(s.power_distance_m, 0, "m")],
      [W.t("utilities"), listed(s.infrastructure)],
      [W.t("border_distance"), s.border_distance_m === null ? null : W.unit(s.border_distance_m / 1000, 1, "km")],
      [W.t("land_use"), s.land_use_shares || s.land_use_main],
      [W.t("hazard"), assessed(s.hazard_level, function () { return W.token("hazard_level", s.hazard_level) + (s.hazard_percent ? " (" + W.number(s.hazard_percent, 1) + " %)" : ""); })],
      [W.t("flood"), assessed(s.flood_state, function () {
        var known = s.flood_level_m === null ? "" : " · " + W.t("flood_level", { level: W.number(s.flood_level_m, 2), event: s.flood_event || "–" });
        return W.token("flood_state", s.flood_state) + (s.flood_state === "raise" && s.raise_m !== null ? " " + W.number(s.raise_m, 2) + " m" : "") + known;
      })],
      [W.t("landslide"), assessed(s.landslide_proxy, function () { return W.token("landslide_proxy", s.landslide_proxy); })],
      [W.t("buildings"), assessed(s.buildings_inside, function () { return W.number(s.buildings_inside, 0); })],
      [W.t("households"), assessed(s.households_displaced, function () { return W.number(s.households_displaced, 0); })],
      [W.t("compensation"), listed(s.compensation)],
      [W.t("compensation_cost"), assessed(s.compensation_cost, function () { return W.billion(s.compensation_cost); })],
      [W.t("urban"), s.inside_urban_area === null ? null : W.t(s.inside_urban_area ? "yes" : "no")],
      [W.t("clearance"), s.clearance ? W.token("clearance", s.clearance) : W.t("no_data")],
      [W.t("extend"), W.unit(s.room_to_extend_percent, 0, "%")]
    ];
  }

  C.site = function (view, s, options) {
    var model = view.model, commune = model.byCode.get(s.commune_code), found = (model.conflictsOf.get(s.site_id) || []).slice();
    found.sort(function (a, b) { return (b.severity || 0) - (a.severity || 0) || (b.area_m2 || 0) - (a.area_m2 || 0); });
    function of(effects) { return found.filter(function (f) { return effects.indexOf(f.effect) >= 0; }); }
    var against = of(["blocking", "conditional"]), supporting = of(["supports", "compatible"]);
    var rest = found.filter(function (f) { return against.indexOf(f) < 0 && supporting.indexOf(f) < 0; });
    function group(title, list, none) {
      if (!list.length && !none) return null;
      return [el("h4", {}, [title, el("small", {}, list.length)]), list.length ? el("ul.findings", {}, list.map(finding)) : el("p.quiet", {}, none)];
    }
    var low = s.score_low, high = s.score_high;
    return el("article.card", { "data-site-card": s.site_id }, [
      back(commune ? commune.name : W.t("back_to_list"), options.back),
      el("header", {}, [
        el("h2", { tabindex: "-1" }, [el("span.letter" + (s.is_best ? ".best" : ""), {}, s.letter || "?"), s.label || s.site_id]),
        el("p.sub", {}, [s.site_id, " · ", W.token("letter", s.letter), s.is_best ? " · " + W.t("proposed") : ""])
      ]),
      el("div.figures", {}, [
        figure(W.t("score"), W.number(s.score, 1), low !== null && high !== null && (low !== s.score || high !== s.score) ? W.t("score_range", { low: W.number(low, 1), high: W.number(high, 1) }) : s.rank === null ? "" : W.t("rank_short", { rank: s.rank })),
        figure(W.t("area"), W.m2(s.area_m2), W.t("of_needed", { area: W.m2(s.required_area_m2) })),
        figure(W.t("overlap"), W.m2(s.overlap_area_m2), s.overlap_area_m2 > 0 ? W.unit(s.overlap_percent, 1, "%") : W.t(s.check_result === "clear" ? "in_all_plans" : "in_known_plans"))
      ]),
      el("p.lead", {}, [chip(checkColours, "check_result", s.check_result), s.conformity ? " · " + W.token("conformity", s.conformity) : ""]),
      s.eligible === false ? el("p.warn", {}, [W.t("not_eligible"), s.broken_rules ? ": " + s.broken_rules.split(/;\s*/).map(function (r) { return W.token("rule", r); }).join("; ") : ""]) : null,
      reasons(s.reasons),
      s.shift.length ? el("p.shift", {}, s.shift.join("; ")) : null,
      conformityOf(model, s.site_id),
      section(W.t("evidence_title"), [
        group(W.t("against"), against, W.t("none_against")), group(W.t("supporting"), supporting, W.t("none_supporting")), group(W.t("information"), rest, null),
        el("p.quiet", {}, W.t("no_conflict_is_not_conformity"))
      ]),
      opinionsOf(model, s.site_id),
      answersOf(model, s.site_id),
      section(W.t("criteria_title"), bars(model, "site", model.scoresOf("site", s.site_id)) || el("p.quiet", {}, W.t("not_scored"))),
      section(W.t("measures_title"), facts(measures(s))),
      s.was_site_id && s.was_site_id !== s.site_id ? el("p.quiet", {}, W.t("was_site", { id: s.was_site_id })) : null,
      restsOn(model, s.rests_on),
      el("button.plain", { type: "button", on: { click: function () { hooks.flyToSite(s.site_id); } } }, W.t("zoom_to_site"))
    ]);
  };

  // ---- what else lies under the cursor
  C.behind = function (found) {
    if (!found.length) return null;
    return section(W.t("here_title"), el("ul.findings", {}, found.slice(0, 12).map(function (f) {
      var r = f.row, look = f.layer.look(r.token) || {};
      var title = r.title || r.name || (r.land_use && (look.token === r.land_use ? look.label : r.land_use)) || (look.token !== "other" ? look.label : "") || f.layer.item.label;
      return el("li.finding", {}, [
        el("div.finding-head", {}, el("span.chip", {}, [el("i", { css: { background: look.fill || look.line }, "aria-hidden": "true" }), f.layer.item.label])),
        el("p.finding-title", {}, [title, r.illustrative ? el("em", {}, W.t("illustrative_short")) : null]),
        r.decision_no ? el("p.finding-sub", {}, [W.t("decision", { number: r.decision_no }), r.decision_date ? " " + W.t("of_date", { date: W.date(r.decision_date) }) : "", r.status ? " · " + W.token("plan_status", r.status) : ""]) : null,
        r["function"] ? el("p.finding-sub", {}, W.t("function", { name: W.token("function", r["function"]) })) : null,
        r.hazard_kind ? el("p.finding-sub", {}, W.token("hazard_kind", r.hazard_kind) + (r.level ? " · " + W.token("level", r.level) : "")) : null,
        r.class_now ? el("p.finding-sub", {}, W.t("urban_class", { now: r.class_now, then: r.class_2030 || "–" })) : null
      ]);
    })));
  };
  C.facility = function (f) { return section(W.t("facilities_title"), el("ul.facilities", {}, facilityLine(f))); };

  // ---- both fates of a commune, for the comparison
  C.both = function (views, code, options) {
    var communes = views.map(function (v) { return v.model.byCode.get(code); });
    function line(label, values) {
      var differs = values.some(function (v) { return v !== values[0]; });
      return el("tr" + (differs ? ".differs" : ""), {}, [el("th", { scope: "row" }, label), values.map(function (v) { return el("td", {}, v); })]);
    }
    function each(f) { return communes.map(function (c, i) { return c ? f(c, views[i].model) : "–"; }); }
    function cost(column) {
      return function (x, m) {
        var p = m.planOf(code, m.run.option);
        return p ? W.billion(p[column]) + (p[column] === null ? "" : withoutClearance(p)) : "–";
      };
    }
    var c = communes[0];
    return el("article.card", { "data-commune": code }, [
      back(W.t("back_to_list"), options.back),
      el("header", {}, [el("h2", { tabindex: "-1" }, c.name), el("p.sub", {}, [W.t("code", { code: code }), c.former_district ? " · " + c.former_district : ""])]),
      el("table.both", {}, [
        el("thead", {}, el("tr", {}, [el("th", {}, ""), views.map(function (v, i) { return el("th", { scope: "col", title: v.model.run.title }, W.t("col_option", { number: i + 1 })); })])),
        el("tbody", {}, [
          line(W.t("phase_title"), each(function (x, m) { return phaseName(m, m.planOf(code, m.run.option), x); })),
          line(W.t("years"), each(function (x) { return years(x) || "–"; })),
          line(W.t("build_type"), each(function (x, m) { return buildType(m.planOf(code, m.run.option), x); })),
          line(W.t("priority"), each(function (x) { return x.priority_rank === null ? "–" : String(x.priority_rank); })),
          line(W.t("points"), each(function (x) { return W.number(x.priority_points, 1); })),
          line(atPriceYear(views.map(function (v) { return v.model; })), each(cost("cost_at_price_year"))),
          line(W.t("total_cost"), each(cost("total_cost"))),
          line(W.t("best_site"), each(function (x, m) { var s = m.bySite.get(x.best_site_id); return s ? (s.label || s.site_id) : "–"; })),
          line(W.t("score"), each(function (x) { return W.number(x.best_site_score, 1); })),
          line(W.t("check_result"), each(function (x) { return x.best_check_result ? W.token("check_result", x.best_check_result) : "–"; }))
        ])
      ]),
      el("p.buttons", {}, views.map(function (v, i) {
        return el("button.plain", { type: "button", "data-full": i, on: { click: function () { options.full(v); } } }, W.t("full_card", { number: i + 1 }));
      })),
      views.map(function (v, i) {
        var p = v.model.planOf(code, v.model.run.option);
        return p && p.reasons.length ? section(W.t("col_option", { number: i + 1 }), reasons(p.reasons)) : null;
      })
    ]);
  };
  return C;
};
