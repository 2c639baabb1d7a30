// The content of the page as objects: rows by name, what belongs to a commune, colours of the themes.
SP.rows = function (table) {
  var pools = table.names.map(function (name) { return table.pools[name] || null; });
  return table.rows.map(function (cells) {
    var row = {};
    for (var i = 0; i < table.names.length; i++) row[table.names[i]] = pools[i] && cells[i] !== null ? pools[i][cells[i]] : cells[i];
    return row;
  });
};

SP.groupBy = function (rows, key) {
  var found = new Map();
  rows.forEach(function (row) {
    if (!found.has(row[key])) found.set(row[key], []);
    found.get(row[key]).push(row);
  });
  return found;
};

SP.model = function (content, run, W) {
  var S = SP.shapes, M = { run: run };
  function shaped(rows, steps) {
    rows.forEach(function (row) {
      row.shape = S.decode(row.shape, steps);
      row.box = row.shape ? S.box(row.shape) : null;
    });
    return rows;
  }
  M.communes = SP.rows(run.communes);
  M.communes.forEach(function (c, i) { c.shape = content.outlines[i]; c.at = c.label_at ? [c.label_at[1] / content.steps.coarse, c.label_at[0] / content.steps.coarse] : null; });
  shaped(M.communes, content.steps.coarse);
  M.sites = shaped(SP.rows(run.sites), content.steps.fine);
  M.conflicts = shaped(SP.rows(run.conflicts), content.steps.fine);
  M.facilities = shaped(SP.rows(run.facilities), content.steps.fine);
  M.accessPoints = shaped(SP.rows(run.access_points), content.steps.fine);
  M.accessPointOf = new Map(M.accessPoints.map(function (a) { return [a.commune_code, a]; }));
  M.opinions = SP.rows(run.opinions);
  M.programme = SP.rows(run.programme);
  M.coverage = SP.rows(run.coverage);
  M.scores = SP.rows(run.scores);
  M.assumptions = SP.rows(run.assumptions);
  M.sources = SP.rows(run.sources);
  M.needsOf = SP.groupBy(SP.rows(run.needs), "commune_code");
  M.scopesOf = SP.groupBy(SP.rows(run.scopes), "commune_code");
  M.figuresOf = SP.groupBy(SP.rows(run.figures), "commune_code");

  M.byCode = new Map(M.communes.map(function (c) { return [c.code, c]; }));
  M.bySite = new Map(M.sites.map(function (s) { return [s.site_id, s]; }));
  M.sitesOf = SP.groupBy(M.sites, "commune_code");
  M.sitesOf.forEach(function (list) {
    list.sort(function (a, b) {
      var x = a.rank === null ? Infinity : a.rank, y = b.rank === null ? Infinity : b.rank;
      return x !== y ? (x < y ? -1 : 1) : (b.score || 0) - (a.score || 0) || (a.site_id < b.site_id ? -1 : 1);
    });
  });
  M.conflictsOf = SP.groupBy(M.conflicts, "site_id");
  M.conformityOf = SP.groupBy(SP.rows(run.conformity), "site_id");
  M.opinionsOf = SP.groupBy(M.opinions, "site_id");
  M.answersOf = SP.groupBy(SP.rows(run.agency_answers), "site_id");
  M.facilitiesOf = SP.groupBy(M.facilities, "commune_code");
  M.coverageOf = SP.groupBy(M.coverage, "commune_code");
  M.programmeOf = SP.groupBy(M.programme, "commune_code");
  var scores = SP.groupBy(M.scores, "subject_id");
  M.scoresOf = function (of, id) { return (scores.get(id) || []).filter(function (s) { return s.of === of; }); };
  M.assumption = new Map(M.assumptions.map(function (a) { return [a.assumption_id, a]; }));
  M.planOf = function (code, option) {
    return (M.programmeOf.get(code) || []).find(function (p) { return p.option === option; }) || null;
  };

  M.theme = function (key) { return content.themes.find(function (t) { return t.key === key; }) || content.themes[0]; };
  M.classOf = function (theme, commune) {
    var value = commune[theme.column];
    if (value === null || value === undefined || value === "") return -1;
    if (theme.kind !== "steps") return theme.classes.findIndex(function (c) { return c.token === value; });
    var rounded = (value < 0 ? -1 : 1) * Number(W.fixed(value, theme.decimals)), found = 0;
    theme.breaks.forEach(function (b, i) { if (rounded >= b) found = i; });
    return found;
  };
  M.colour = function (theme, commune) {
    var i = M.classOf(theme, commune);
    if (i < 0) return theme.missing;
    return theme.kind === "steps" ? theme.colours[i] : theme.classes[i].colour;
  };
  return M;
};
