// Shapes as siteplan/outputs/webmap/shapes.py writes them: [kind, parts] of differences in whole steps of a degree.
SP.shapes = (function () {
  var S = { POINTS: 0, LINES: 1, POLYGONS: 2 };

  function flat(deltas, steps) {
    var out = new Array(deltas.length / 2), x = 0, y = 0;
    for (var i = 0; i < deltas.length; i += 2) {
      x += deltas[i]; y += deltas[i + 1];
      out[i / 2] = [y / steps, x / steps];
    }
    return out;
  }
  // latitude, longitude pairs, nested as Leaflet takes them
  S.decode = function (shape, steps) {
    if (!shape) return null;
    if (shape[0] === S.POINTS) return { kind: 0, at: flat(shape[1], steps) };
    if (shape[0] === S.LINES) return { kind: 1, at: shape[1].map(function (l) { return flat(l, steps); }) };
    return { kind: 2, at: shape[1].map(function (p) { return p.map(function (r) { return flat(r, steps); }); }) };
  };
  S.each = function (geometry, visit) {
    (function walk(level) {
      if (typeof level[0] === "number") visit(level);
      else level.forEach(walk);
    })(geometry.at);
  };
  S.box = function (geometry) {
    var box = [Infinity, Infinity, -Infinity, -Infinity];
    S.each(geometry, function (p) {
      if (p[0] < box[0]) box[0] = p[0];
      if (p[1] < box[1]) box[1] = p[1];
      if (p[0] > box[2]) box[2] = p[0];
      if (p[1] > box[3]) box[3] = p[1];
    });
    return box;
  };
  function crossings(ring, lat, lon) {
    var inside = false;
    for (var i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      var a = ring[i], b = ring[j];
      if ((a[0] > lat) !== (b[0] > lat) && lon < (b[1] - a[1]) * (lat - a[0]) / (b[0] - a[0]) + a[1]) inside = !inside;
    }
    return inside;
  }
  S.contains = function (geometry, box, lat, lon) {
    if (geometry.kind !== 2 || lat < box[0] || lat > box[2] || lon < box[1] || lon > box[3]) return false;
    return geometry.at.some(function (polygon) {
      return polygon.reduce(function (odd, ring) { return crossings(ring, lat, lon) ? !odd : odd; }, false);
    });
  };
  S.centre = function (box) { return [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]; };
  return S;
})();
