// Trial weights: scores and ranks by the program's own formula (siteplan/decide/scoring.py, priority.py), computed again
// in the page. Where values are missing the weights of the others are raised; supplements are cut at their cap; ties
// break as in the program; where another site becomes the best, what is measured on the best site is measured on it.
SP.numbers = (function () {
  var N = {};
  // as numpy rounds: scaled, ties to the even digit, scaled back
  N.round = function (x, decimals) {
    if (x === null || isNaN(x)) return NaN;
    var p = Math.pow(10, decimals), y = x * p, f = Math.floor(y), d = y - f;
    return (d < 0.5 ? f : d > 0.5 ? f + 1 : f % 2 === 0 ? f : f + 1) / p;
  };
  // as numpy adds up a row: eight sums side by side from eight numbers on
  N.sum = function (a, from, n) {
    var i, total = 0;
    if (n < 8) { for (i = 0; i < n; i++) total += a[from + i]; return total; }
    var r = [0, 1, 2, 3, 4, 5, 6, 7].map(function (k) { return a[from + k]; }), whole = n - n % 8;
    for (i = 8; i < whole; i++) r[i % 8] += a[from + i];
    total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (i = whole; i < n; i++) total += a[from + i];
    return total;
  };
  // a measured value scaled to 0..1; NaN where it is missing
  N.scaled = function (value, f) {
    if (value === null || value === undefined) return NaN;
    if (f.kind === "flag") return value ? 1 : 0;
    if (f.kind === "categories") return Object.prototype.hasOwnProperty.call(f.categories, String(value)) ? N.round(f.categories[String(value)], 6) : NaN;
    var x = Number(value), at = f.points;
    if (isNaN(x)) return NaN;
    if (f.kind === "identity") return x < -1e-6 || x > 1 + 1e-6 ? NaN : N.round(Math.min(1, Math.max(0, x)), 6);
    var i = -1;
    while (i + 1 < at.length && at[i + 1][0] <= x) i++;
    if (f.kind === "steps") return N.round(at[Math.max(i, 0)][1], 6);
    if (i < 0) return N.round(at[0][1], 6);
    if (i === at.length - 1) return N.round(at[i][1], 6);
    return N.round((at[i + 1][1] - at[i][1]) / (at[i + 1][0] - at[i][0]) * (x - at[i][0]) + at[i][1], 6);
  };
  return N;
})();

SP.weighing = function (model) {
  var spec = model.run.weighing;
  if (!spec) return null;
  var N = SP.numbers, E = { spec: spec, active: false };
  var of = { site: [], commune: [] };
  spec.criteria.forEach(function (c) { of[c.of].push(c); });

  // subjects by criteria, in the order of the scenario
  function table(kind, subjects, idOf) {
    var list = of[kind], n = list.length, at = new Map(list.map(function (c, j) { return [c.key, j]; }));
    var values = new Float64Array(subjects.length * n).fill(NaN), row = new Map(subjects.map(function (s, i) { return [idOf(s), i]; }));
    model.scores.forEach(function (s) {
      if (s.of !== kind || s.block === "supplement" || s.missing || s.scaled === null) return;
      var i = row.get(s.subject_id), j = at.get(s.criterion);
      if (i !== undefined && j !== undefined) values[i * n + j] = s.scaled;
    });
    return { list: list, n: n, values: values, row: row, count: subjects.length };
  }
  var sites = table("site", model.sites, function (s) { return s.site_id; });
  var communes = table("commune", model.communes, function (c) { return c.code; });
  // commune criteria that are measured on the best site
  var ofBest = [];
  of.commune.forEach(function (c, j) { if (spec.of_best[c.column]) ofBest.push({ at: j, column: spec.of_best[c.column], value: c.value }); });
  var ties = spec.ties.map(function (column) {
    return of.commune.map(function (c, j) { return c.column === column ? j : -1; }).filter(function (j) { return j >= 0; });
  });

  E.official = function () {
    var w = { site: {}, commune: {}, supplements: {} };
    spec.criteria.forEach(function (c) { w[c.of][c.key] = c.weight; });
    var s = spec.supplements;
    ["border", "central_ward", "cap_points"].forEach(function (k) { w.supplements[k] = s[k]; });
    Object.keys(s.gate).forEach(function (k) { w.supplements["gate." + k] = s.gate[k]; });
    return w;
  };
  E.shares = function (kind, weights) {
    var total = of[kind].reduce(function (t, c) { return t + weights[kind][c.key]; }, 0);
    return of[kind].map(function (c) { return weights[kind][c.key] / total * 100; });
  };

  function score(t, values, shares) {
    var n = t.n, points = new Float64Array(t.count * n), out = new Array(t.count);
    for (var i = 0; i < t.count; i++) {
      var present = 0, low = 0, lost = 0, j, o = i * n;
      for (j = 0; j < n; j++) if (isNaN(values[o + j])) lost += shares[j]; else { present += shares[j]; low += values[o + j] * shares[j]; }
      if (lost === 0) present = N.sum(shares, 0, n);
      for (j = 0; j < n; j++) points[o + j] = isNaN(values[o + j]) ? 0 : values[o + j] * shares[j] * (100 / present);
      out[i] = { score: present > 0 ? N.round(N.sum(points, o, n), spec.decimals) : null, low: N.round(low, spec.decimals), high: N.round(low + lost, spec.decimals) };
    }
    return { out: out, points: points };
  }
  function down(a, b) {  // larger first, unknown last
    var x = a === null || isNaN(a) ? -Infinity : a, y = b === null || isNaN(b) ? -Infinity : b;
    return x === y ? 0 : x > y ? -1 : 1;
  }

  function supplements(c, s) {
    var reach = Object.keys(spec.supplements.gate).reduce(function (m, k) { return Math.max(m, s["gate." + k]); }, 0);
    var parts = { border: 0, gate: 0, central_ward: 0, cap: 0 }, unknown = function (v) { return v === null || v === undefined; };
    if (c.is_border) {
      parts.border = s.border;
      if (!unknown(c.gate_class) && reach) parts.gate = reach * ((s["gate." + c.gate_class] || 0) / reach);
    }
    if (c.is_central_ward) parts.central_ward = s.central_ward;
    // relations across the border are not weighed in the page: they keep their points
    var rest = 0;
    officialRows("commune", c.code).forEach(function (r) {
      if (r.block === "supplement" && !r.missing && !(r.criterion in parts) && r.criterion !== "supplement_cap") rest += r.points;
    });
    var total = parts.border + parts.gate + parts.central_ward + rest;
    if (total > s.cap_points) parts.cap = s.cap_points - total;
    parts.sum = N.round(total + parts.cap, spec.decimals);
    return parts;
  }

  // weights as `official` gives them; nothing of the model is touched
  E.compute = function (weights) {
    var siteShares = E.shares("site", weights), shares = E.shares("commune", weights);
    var scored = score(sites, sites.values, siteShares);
    var siteOut = model.sites.map(function (s, i) { return { s: s, score: scored.out[i], barred: !(s.eligible && s.check_result !== "blocked"), area: s.area_ratio === null ? null : N.round(s.area_ratio, 3) }; });
    var byCommune = new Map(), best = new Map(), ofNeed = new Map();
    siteOut.forEach(function (o) {
      if (!byCommune.has(o.s.commune_code)) byCommune.set(o.s.commune_code, []);
      byCommune.get(o.s.commune_code).push(o);
    });
    byCommune.forEach(function (list, code) {
      list.sort(function (a, b) { return (a.barred - b.barred) || down(a.score.score, b.score.score) || down(a.area, b.area) || (a.s.site_id < b.s.site_id ? -1 : 1); });
      var locked = list.some(function (o) { return o.s.locked; });
      var stays = locked ? undefined : E.stays.get(code), built = locked ? undefined : E.built.get(code);
      list.forEach(function (o, i) {
        o.rank = i + 1;
        var needed = stays !== undefined ? o.s.site_id === stays : o.s.locked || (!locked && i === 0 && !o.barred);
        o.best = built !== undefined ? o.s.site_id === built : needed;
        if (needed && !ofNeed.has(code)) ofNeed.set(code, o);
        if (o.best && !best.has(code)) best.set(code, o);
      });
    });

    var values = communes.values, moved = new Set();
    model.communes.forEach(function (c, i) {
      // communes are ranked before the option decides what is built: by the site of their need
      var now = ofNeed.get(c.code), was = E.was.get(c.code);
      if ((now ? now.s.site_id : null) === was) return;
      if (values === communes.values) values = values.slice();
      moved.add(c.code);
      ofBest.forEach(function (m) { values[i * communes.n + m.at] = now ? N.scaled(now.s[m.column], m.value) : NaN; });
    });
    var base = score(communes, values, shares);
    var out = model.communes.map(function (c, i) {
      var extra = supplements(c, weights.supplements), own = base.out[i], chosen = best.get(c.code);
      return {
        c: c, base: own.score, low: own.low, high: own.high, extra: extra, best: chosen || null, ofNeed: ofNeed.get(c.code) || null,
        points: own.score === null ? null : N.round(own.score + extra.sum, spec.decimals),
        ties: ties.map(function (at) {
          var known = at.filter(function (j) { return !isNaN(values[i * communes.n + j]); });
          return known.length ? N.round(known.reduce(function (t, j) { return t + base.points[i * communes.n + j]; }, 0), spec.decimals) : null;
        })
      };
    });
    function ranked(key, name) {
      out.slice().sort(function (a, b) {
        var way = down(a[key], b[key]);
        for (var k = 0; !way && k < ties.length; k++) way = down(a.ties[k], b.ties[k]);
        return way || (a.c.code < b.c.code ? -1 : 1);
      }).forEach(function (o, i) { o[name] = i + 1; });
    }
    ranked("points", "rank");
    ranked("base", "baseRank");
    return { sites: siteOut, communes: out, values: values, points: base.points, sitePoints: scored.points, shares: shares, siteShares: siteShares, moved: moved };
  };

  // ---- putting a trial into the model, and taking it out again
  var COMMUNE = ["base_points", "border_points", "ward_points", "supplement_points", "priority_points", "priority_rank", "base_rank", "best_site_id", "best_site_score", "best_check_result"];
  var SITE = ["score", "score_low", "score_high", "rank", "is_best"];
  function kept(rows, names) { return rows.map(function (r) { return names.map(function (n) { return r[n]; }); }); }
  var officialCommunes = kept(model.communes, COMMUNE), officialSites = kept(model.sites, SITE);
  // a commune that stays where it is keeps its site, whatever ranks first, and so does one for which the option builds
  // less than it needs in the headquarters in use (siteplan/decide/placing.py)
  E.stays = new Map(); E.built = new Map(); E.was = new Map();
  model.communes.forEach(function (c) {
    var s = model.bySite.get(c.need_site_id);
    if (s && "TM".indexOf(s.letter) >= 0 && spec.staying.indexOf(c.build_type) >= 0 && s.source_id === c.kept_facility_id) E.stays.set(c.code, s.site_id);
    if (c.best_site_id !== c.need_site_id) E.built.set(c.code, c.best_site_id);
    E.was.set(c.code, c.need_site_id || null);
    c.official_rank = c.priority_rank; c.official_site = c.best_site_id || null;
  });
  function sortSites() {
    model.sitesOf.forEach(function (list) { list.sort(function (a, b) { return (a.rank === null ? 1e9 : a.rank) - (b.rank === null ? 1e9 : b.rank) || (a.site_id < b.site_id ? -1 : 1); }); });
  }
  var officialRows = model.scoresOf, last = null;

  E.put = function (weights) {
    last = E.compute(weights);
    last.weights = weights;
    E.active = true;
    last.communes.forEach(function (o) {
      var c = o.c;
      c.base_points = o.base; c.supplement_points = o.extra.sum; c.priority_points = o.points; c.priority_rank = o.rank; c.base_rank = o.baseRank;
      c.border_points = N.round(o.extra.border + o.extra.gate, spec.decimals); c.ward_points = N.round(o.extra.central_ward, spec.decimals);
      c.best_site_id = o.best ? o.best.s.site_id : null; c.best_site_score = o.best ? o.best.score.score : null; c.best_check_result = o.best ? o.best.s.check_result : null;
    });
    last.sites.forEach(function (o) {
      o.s.score = o.score.score; o.s.score_low = o.score.low; o.s.score_high = o.score.high; o.s.rank = o.rank; o.s.is_best = o.best;
    });
    sortSites();
    return last;
  };
  E.reset = function () {
    E.active = false; last = null;
    model.communes.forEach(function (c, i) { COMMUNE.forEach(function (n, k) { c[n] = officialCommunes[i][k]; }); });
    model.sites.forEach(function (s, i) { SITE.forEach(function (n, k) { s[n] = officialSites[i][k]; }); });
    sortSites();
  };
  // rows of a card under the trial
  model.scoresOf = function (kind, id) {
    var rows = officialRows(kind, id);
    if (!last) return rows;
    var t = kind === "site" ? sites : communes, i = t.row.get(id), points = kind === "site" ? last.sitePoints : last.points;
    var shares = kind === "site" ? last.siteShares : last.shares, values = kind === "site" ? sites.values : last.values;
    var out = rows.filter(function (r) { return r.block !== "supplement"; }).map(function (r) {
      var j = t.list.findIndex(function (c) { return c.key === r.criterion; });
      if (j < 0) return r;
      var v = values[i * t.n + j], best = kind === "commune" && last.moved.has(id) ? ofBest.find(function (m) { return m.at === j; }) : null;
      var chosen = best && last.communes[i].ofNeed, raw = best ? (chosen && chosen.s[best.column] !== null ? String(chosen.s[best.column]) : null) : r.raw;
      return Object.assign({}, r, { weight: shares[j], scaled: isNaN(v) ? null : v, missing: isNaN(v), points: isNaN(v) ? null : points[i * t.n + j], raw: raw });
    });
    if (kind === "commune") {
      var extra = last.communes[i].extra, s = last.weights.supplements;
      rows.filter(function (r) { return r.block === "supplement" && r.criterion !== "supplement_cap"; }).forEach(function (r) {
        if (r.criterion !== "gate" && !(r.criterion in s)) { out.push(r); return; }
        var value = extra[r.criterion], most = r.criterion === "gate" ? Object.keys(spec.supplements.gate).reduce(function (m, k) { return Math.max(m, s["gate." + k]); }, 0) : s[r.criterion];
        out.push(Object.assign({}, r, { weight: most, points: r.missing ? null : value, scaled: r.missing ? null : most ? value / most : 0 }));
      });
      if (extra.cap < 0) out.push({ of: "commune", subject_id: id, criterion: "supplement_cap", block: "supplement", raw: String(s.cap_points), scaled: 1, weight: extra.cap, points: extra.cap, missing: false });
    }
    return out;
  };

  // ---- the trial as a scenario file
  function quoted(text) { return JSON.stringify(String(text)).replace(/\u007f/g, "\\u007F"); }
  function toml(v) {
    if (typeof v === "number") return String(v);
    if (typeof v === "boolean") return v ? "true" : "false";
    if (Array.isArray(v)) return "[" + v.map(toml).join(", ") + "]";
    if (v && typeof v === "object") {
      var keys = Object.keys(v).filter(function (k) { return v[k] !== null && !(Array.isArray(v[k]) && !v[k].length) && !(v[k] && typeof v[k] === "object" && !Array.isArray(v[k]) && !Object.keys(v[k]).length); });
      return "{ " + keys.map(function (k) { return (/^[A-Za-z0-9_-]+$/.test(k) ? k : quoted(k)) + " = " + toml(v[k]); }).join(", ") + " }";
    }
    return quoted(v);
  }
  E.fragment = function (weights, words) {
    var lines = ["# " + words.head.replace(/[\r\n]+/g, " "), "extends = " + quoted(model.run.name + ".toml"), "name = " + quoted(model.run.name + "_thu"), "title = " + quoted(words.title), ""];
    ["site", "commune"].forEach(function (kind) {
      var shares = E.shares(kind, weights).map(function (v) { return N.round(v, 6); });
      // the largest takes what rounding left, so that they add up to 100
      var most = shares.indexOf(Math.max.apply(null, shares));
      shares[most] = N.round(100 - shares.reduce(function (t, v, i) { return i === most ? t : t + v; }, 0), 6);
      of[kind].forEach(function (c, j) {
        lines.push("[[criteria]]", "key = " + quoted(c.key), "of = " + quoted(kind));
        ["column", "label", "label_en", "unit"].forEach(function (k) { if (c[k] && !(k === "column" && c.column === c.key)) lines.push(k + " = " + quoted(c[k])); });
        lines.push("weight = " + shares[j], "value = " + toml(c.value));
        ["basis", "certainty"].forEach(function (k) { if (c[k]) lines.push(k + " = " + quoted(c[k])); });
        lines.push("");
      });
    });
    var s = weights.supplements, gate = {};
    Object.keys(spec.supplements.gate).forEach(function (k) { gate[k] = s["gate." + k]; });
    lines.push("[supplements]", "cap_points = " + s.cap_points, "border = " + s.border, "gate = " + toml(gate), "central_ward = " + s.central_ward);
    return lines.join("\n") + "\n";
  };
  return E;
};
