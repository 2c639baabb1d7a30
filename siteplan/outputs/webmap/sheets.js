// Dialogs over the map: sources and dates of the data, licences.
SP.sheet = function (title, W, children) {
  var before = document.activeElement;
  function close() {
    cover.remove();
    document.removeEventListener("keydown", keys, true);
    if (before && before.focus) before.focus();
  }
  function keys(event) {
    if (event.key === "Escape") { close(); event.stopPropagation(); }
    if (event.key === "Tab") {
      var inside = box.querySelectorAll("button, summary, a[href], [tabindex='0']"), last = inside[inside.length - 1];
      if (!event.shiftKey && document.activeElement === last) { inside[0].focus(); event.preventDefault(); }
      if (event.shiftKey && document.activeElement === inside[0]) { last.focus(); event.preventDefault(); }
    }
  }
  var shut = SP.el("button.close", { type: "button", "aria-label": W.t("close"), on: { click: close } }, "×");
  var box = SP.el("div.sheet", { role: "dialog", "aria-modal": "true", "aria-label": title }, [SP.el("div.drawer-head", {}, [SP.el("h2", {}, title), shut]), SP.el("div.sheet-body", { tabindex: "0" }, children)]);
  var cover = SP.el("div.cover", { on: { click: function (event) { if (event.target === cover) close(); } } }, box);
  document.body.appendChild(cover);
  document.addEventListener("keydown", keys, true);
  shut.focus();
  return close;
};

SP.sources = function (content, W, views, cards) {
  var el = SP.el, model = views[0].model, run = model.run;
  var rows = model.sources.map(function (s) {
    return el("tr", {}, [
      el("th", { scope: "row" }, [content.lang !== "en" && s.title || (s.role ? cards.roleName(s.role) : s.layer), s.illustrative ? el("em", {}, W.t("illustrative_short")) : null]),
      el("td", {}, s.source || "–"), el("td", {}, W.date(s.data_date)), el("td", {}, [s.legal_basis || "", s.licence ? el("small", {}, s.licence) : null])
    ]);
  });
  var assumed = model.assumptions.map(function (a) {
    return el("li", {}, [a.statement.join(" ") || a.assumption_id, a.value !== null ? " = " + [a.value, a.unit].filter(Boolean).join(" ") : "",
      el("small", {}, [a.legal_basis || "", a.certainty ? " [" + W.token("certainty", a.certainty) + "]" : ""])]);
  });
  SP.sheet(W.t("sources_title"), W, [
    el("p", {}, W.t("reference_only_long")),
    views.map(function (v) { return el("p", {}, [el("b", {}, v.model.run.title), " · ", W.t("created", { date: W.date(v.model.run.created), version: v.model.run.version || "–" }), v.model.run.frozen ? " · " + W.t("frozen", { version: v.model.run.frozen.version, date: W.date(v.model.run.frozen.date) }) : " · " + W.t("draft_long")]); }),
    run.illustrative.length ? el("p.warn", {}, W.t("illustrative_layers", { layers: run.illustrative.join(", ") })) : null,
    el("h3", {}, W.t("sources_layers")),
    rows.length ? el("div.wide", {}, el("table.sources", {}, [el("thead", {}, el("tr", {}, ["layer", "source", "date", "basis"].map(function (k) { return el("th", { scope: "col" }, W.t("source_" + k)); }))), el("tbody", {}, rows)])) : el("p.quiet", {}, W.t("no_sources")),
    run.norm_changes.length ? el("ul.assumptions", {}, run.norm_changes.map(function (line) { return el("li", {}, line); })) : null,
    el("h3", {}, W.t("totals_title")),
    el("div.wide", {}, el("table.sources", { "data-totals": "" }, [
      el("thead", {}, el("tr", {}, [el("th", {}, W.t("areas_m2")), el("th", {}, ""), el("th", { scope: "col" }, W.t("count_title"))].concat(["col_reported", "col_computed", "col_agreed", "col_used"].map(function (k) { return el("th", { scope: "col" }, W.t(k)); })))),
      el("tbody", {}, SP.rows(run.totals).map(function (r) {
        return el("tr", {}, [el("th", { scope: "row" }, W.token("item", r.item)), el("td", {}, W.token("basis", r.basis)), el("td", {}, W.number(r.units, 0))].concat(
          [r.reported_m2, r.computed_m2, r.agreed_m2, r.used_m2].map(function (v) { return el("td", {}, W.number(v, 0)); })));
      }))
    ])),
    assumed.length ? el("details", {}, [el("summary", {}, W.t("assumptions_title", { count: assumed.length })), el("ul.assumptions", {}, assumed)]) : null,
    el("h3", {}, W.t("licences_title")),
    el("details", {}, [el("summary", {}, W.t("licences_show")), el("pre", {}, document.getElementById("siteplan-notices").textContent)])
  ]);
};
