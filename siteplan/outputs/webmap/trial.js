// The panel of trial weights: a slider a criterion and a supplement, the way back, and the trial as a scenario file.
// Two maps are tried with the same weights; options that ask for different criteria cannot be tried together.
SP.trialFits = function (runs) {
  function asked(run) {
    return JSON.stringify([run.weighing.criteria.map(function (c) { return [c.of, c.key]; }), Object.keys(run.weighing.supplements.gate).sort()]);
  }
  return runs.every(function (r) { return !!r.weighing; }) && runs.every(function (r) { return asked(r) === asked(runs[0]); });
};

SP.trial = function (content, W, views, hooks) {
  if (!SP.trialFits(views.map(function (v) { return v.model.run; }))) return null;
  var engines = views.map(function (v) { return SP.weighing(v.model); }), engine = engines[0], el = SP.el, two = views.length > 1;
  var T = { engine: engine, engines: engines }, weights = engine.official(), rows = [], waiting = null;
  var official = engine.official();
  function equal(a, b) {
    return Object.keys(a).every(function (g) { return Object.keys(a[g]).every(function (k) { return Math.abs(a[g][k] - b[g][k]) < 1e-9; }); });
  }
  var oneOfficial = engines.every(function (e) { return equal(official, e.official()); });

  function label(c) { return (content.lang === "en" ? c.label_en : c.label) || c.label || c.key; }
  function slider(group, key, text, most, title) {
    var id = "weight-" + group + "-" + key, share = el("b", {}), number = el("output", { "for": id });
    var input = el("input", { type: "range", id: id, min: 0, max: most, step: 0.1, value: weights[group][key], on: { input: function () {
      weights[group][key] = Number(input.value);
      later();
    } } });
    rows.push(function () {
      var w = weights[group][key], own = group === "supplements" ? w : engine.shares(group, weights)[engine.spec.criteria.filter(function (c) { return c.of === group; }).findIndex(function (c) { return c.key === key; })];
      if (Number(input.value) !== w) input.value = w;
      SP.tell(number, group === "supplements" ? W.number(w, 1) : isFinite(own) ? W.number(own, 1) + " %" : "–");
      SP.tell(share, Math.abs(w - official[group][key]) > 1e-9 ? W.t("trial_was", { value: W.number(official[group][key], 1) }) : "");
      input.closest(".weight").classList.toggle("changed", Math.abs(w - official[group][key]) > 1e-9);
    });
    return el("div.weight", { title: title || null }, [el("label", { "for": id }, text), share, input, number]);
  }
  function criteria(of) {
    return engine.spec.criteria.filter(function (c) { return c.of === of; }).map(function (c) {
      return slider(of, c.key, label(c), Math.max(40, Math.ceil(c.weight * 2 / 10) * 10), c.basis);
    });
  }
  function supplements() {
    return Object.keys(official.supplements).map(function (key) {
      var text = key.indexOf("gate.") === 0 ? W.token("gate_class", key.slice(5)) : W.t("trial_" + key);
      return slider("supplements", key, text, Math.max(20, Math.ceil(official.supplements[key] * 2)));
    });
  }
  function valid() {
    return ["site", "commune"].every(function (of) { return engine.shares(of, weights).every(isFinite); });
  }
  T.apply = function () {
    waiting = null;
    var ok = valid();
    warning.hidden = ok;
    rows.forEach(function (f) { f(); });
    text.hidden = true; copied.hidden = true;
    if (!ok) return;
    var same = equal(weights, official);
    engines.forEach(function (e) { if (same) e.reset(); else e.put(weights); });
    summary();
    hooks.changed();
  };
  // while a slider is dragged the last value of a frame counts
  function later() { if (!waiting) waiting = window.requestAnimationFrame(T.apply); }
  T.reset = function () { weights = engine.official(); T.apply(); };
  T.active = function () { return engine.active; };
  T.set = function (changes) {
    Object.keys(changes).forEach(function (g) { Object.assign(weights[g], changes[g]); });
    T.apply();
  };

  function summary() {
    if (!engine.active) { SP.refill(told, W.t("trial_none")); return; }
    SP.refill(told, views.map(function (view, i) {
      var ranks = view.model.communes.filter(function (c) { return c.priority_rank !== c.official_rank; });
      var moved = view.model.communes.filter(function (c) { return (c.best_site_id || null) !== c.official_site; });
      return el("span", {}, [two ? el("b", {}, W.t("col_option", { number: i + 1 }) + ": ") : null, W.t("trial_effect", { ranks: ranks.length, sites: moved.length })]);
    }));
  }
  var told = el("p.trial-told", { role: "status" }), warning = el("p.warn", { hidden: true, role: "alert" }, W.t("trial_zero"));
  var text = el("textarea", { hidden: true, readonly: true, rows: 12, spellcheck: "false", "aria-label": W.t("trial_copy") });
  var copied = el("p.quiet", { hidden: true, role: "status" });
  function copy(i) {
    var run = views[i].model.run;
    text.value = engines[i].fragment(weights, { head: W.t("trial_fragment_head", { title: run.title }), title: W.t("trial_fragment_title", { title: run.title }) });
    text.hidden = false;
    text.focus(); text.select();
    var done = function () { SP.refill(copied, W.t("trial_copied", { name: run.name })); copied.hidden = false; };
    var byHand = function () {
      var ok = false;
      try { ok = document.execCommand("copy"); } catch (error) { ok = false; }
      if (ok) done(); else { SP.refill(copied, W.t("trial_copy_by_hand")); copied.hidden = false; }
    };
    if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(text.value).then(done, byHand); else byHand();
  }
  T.node = el("div.drawer-inner", {}, [
    el("div.drawer-head", {}, [el("h2", {}, W.t("trial_title")), el("button.close", { type: "button", "aria-label": W.t("close"), on: { click: hooks.close } }, "×")]),
    el("div.group", {}, [
      el("p.quiet", {}, W.t("trial_hint")), two ? el("p.quiet", {}, W.t(oneOfficial ? "trial_both" : "trial_both_differ")) : null, told, warning,
      el("p.buttons", {}, [
        el("button.plain", { type: "button", id: "trial-reset", on: { click: T.reset } }, W.t("trial_reset")),
        views.map(function (v, i) {
          return el("button.plain", { type: "button", id: "trial-copy" + (i ? "-" + (i + 1) : ""), title: v.model.run.title, on: { click: function () { copy(i); } } }, W.t("trial_copy") + (two ? " · " + W.t("col_option", { number: i + 1 }) : ""));
        })
      ]),
      text, copied
    ]),
    el("section.group", {}, [el("h3", {}, W.t("trial_communes")), criteria("commune")]),
    el("section.group", {}, [el("h3", {}, W.t("trial_supplements")), supplements()]),
    el("section.group", {}, [el("h3", {}, W.t("trial_sites")), criteria("site")])
  ]);
  T.banner = el("p.banner.trial-banner", { role: "status", hidden: true }, [
    el("b", {}, W.t("trial_banner")), " ", W.t("trial_banner_long"), " ",
    el("button.inline", { type: "button", on: { click: T.reset } }, W.t("trial_reset"))
  ]);
  rows.forEach(function (f) { f(); });
  summary();
  return T;
};
