// The years of the phases: what stands, what is being built, which old facilities have become free, by the end of a year.
SP.years = function (content, W, views, hooks) {
  var theme = content.themes.find(function (t) { return t.column === "year_state"; });
  var spans = [];
  content.runs.forEach(function (r) { (r.phases || []).forEach(function (p) { spans = spans.concat(p.years); }); });
  if (!theme || !spans.length) return null;
  var Y = { theme: theme.key, first: Math.min.apply(null, spans), last: Math.max.apply(null, spans) };
  var year = Y.first, timer = null, el = SP.el;

  Y.stateOf = function (model, c, at) {
    var p = model.planOf(c.code, model.run.option) || c;
    if (p.status && p.status !== "planned") return p.status;
    if (!p.start_year) return null;
    return p.finish_year !== null && p.finish_year <= at ? "stands" : p.start_year <= at ? "building" : "later";
  };
  Y.facilityAt = function (f, at) {
    // a facility that stands empty or may be handed over, or whose new use is decided, is free already
    if (f.kept || f.treatment === "keep") return "kept";
    var free = f.free_year === null ? ["already", "at_once", "decided"].indexOf(f.when) >= 0 : f.status === "surplus" || f.free_year <= at;
    return free ? "freed" : "in_use";
  };
  function put() {
    views.forEach(function (v) {
      v.model.communes.forEach(function (c) { c.year_state = Y.stateOf(v.model, c, year); });
      v.model.facilities.forEach(function (f) { f.year_state = Y.facilityAt(f, year); });
    });
  }
  function line(v, i) {
    var found = { stands: 0, building: 0 };
    v.model.communes.forEach(function (c) { found[c.year_state] = (found[c.year_state] || 0) + 1; });
    var freed = v.model.facilities.filter(function (f) { return f.year_state === "freed"; }).length;
    return el("p", {}, [views.length > 1 ? el("b", {}, W.t("col_option", { number: i + 1 }) + ": ") : null, W.t("year_told", { stands: found.stands, building: found.building, freed: freed })]);
  }
  Y.set = function (wanted) {
    year = Math.min(Y.last, Math.max(Y.first, Math.round(wanted)));
    slider.value = year;
    SP.refill(shown, W.t("year_end", { year: year }));
    slider.setAttribute("aria-valuetext", W.t("year_end", { year: year }));
    put();
    SP.refill(told, views.map(line));
    views.forEach(function (v) { v.yearChanged(); });
    hooks.changed();
  };
  Y.year = function () { return year; };
  function stop() { window.clearInterval(timer); timer = null; SP.refill(play, "▶"); play.setAttribute("aria-label", W.t("year_play")); play.title = W.t("year_play"); }
  function run() {
    if (timer) return stop();
    if (year >= Y.last) Y.set(Y.first);
    SP.refill(play, "❚❚"); play.setAttribute("aria-label", W.t("year_stop")); play.title = W.t("year_stop");
    timer = window.setInterval(function () { Y.set(year + 1); if (year >= Y.last) stop(); }, Y.pace);
  }
  Y.pace = 1100;
  var play = el("button.play", { type: "button", on: { click: run } });
  var slider = el("input", { type: "range", id: "year", min: Y.first, max: Y.last, step: 1, value: year, "aria-label": W.t("year_slider"), on: { input: function () { if (timer) stop(); Y.set(Number(slider.value)); } } });
  var shown = el("b.year-shown", {}), told = el("div.year-told", { role: "status" });
  stop();
  Y.node = el("section.years", { hidden: true, "aria-label": W.t("year_title") }, [
    el("div.year-row", {}, [play, el("span.year-ends", {}, Y.first), slider, el("span.year-ends", {}, Y.last), shown]), told
  ]);
  Y.show = function (wanted) {
    if (Y.node.hidden !== wanted) return;
    Y.node.hidden = !wanted;
    if (!wanted && timer) stop();
    if (wanted) Y.set(year);
  };
  put();
  return Y;
};
