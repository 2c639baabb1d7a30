"use strict";
// WGS 84 to the province's coordinates: datum shift (coordinate frame rotation), then transverse Mercator after Krüger
// to the sixth order (Karney 2011, J. Geodesy 85, 475-485, eq. 7, 9 and 35). All parameters come with the page.
var SP = {};

SP.projector = function (p) {
  var f = 1 / p.inverse_flattening, n = f / (2 - f), e2 = f * (2 - f), e = Math.sqrt(e2);
  var n2 = n * n, n3 = n2 * n, n4 = n3 * n, n5 = n4 * n, n6 = n5 * n;
  var A = p.a / (1 + n) * (1 + n2 / 4 + n4 / 64 + n6 / 256);
  var alpha = [
    n / 2 - 2 * n2 / 3 + 5 * n3 / 16 + 41 * n4 / 180 - 127 * n5 / 288 + 7891 * n6 / 37800,
    13 * n2 / 48 - 3 * n3 / 5 + 557 * n4 / 1440 + 281 * n5 / 630 - 1983433 * n6 / 1935360,
    61 * n3 / 240 - 103 * n4 / 140 + 15061 * n5 / 26880 + 167603 * n6 / 181440,
    49561 * n4 / 161280 - 179 * n5 / 168 + 6601661 * n6 / 7257600,
    34729 * n5 / 80640 - 3418889 * n6 / 1995840,
    212378941 * n6 / 319334400
  ];
  var rad = Math.PI / 180;

  function xi_eta(lat, dlon) {
    var tau = Math.tan(lat), s = Math.sinh(e * Math.atanh(e * tau / Math.sqrt(1 + tau * tau)));
    var t = tau * Math.sqrt(1 + s * s) - s * Math.sqrt(1 + tau * tau);
    var xi0 = Math.atan2(t, Math.cos(dlon)), eta0 = Math.asinh(Math.sin(dlon) / Math.hypot(t, Math.cos(dlon)));
    var xi = xi0, eta = eta0;
    for (var j = 0; j < 6; j++) {
      var k = 2 * (j + 1);
      xi += alpha[j] * Math.sin(k * xi0) * Math.cosh(k * eta0);
      eta += alpha[j] * Math.cos(k * xi0) * Math.sinh(k * eta0);
    }
    return [xi, eta];
  }
  var origin = xi_eta(p.latitude_of_origin * rad, 0)[0];

  // from WGS 84 to the other datum: the rotation is registered the other way round, so it is undone (height taken as 0)
  function shift(lat, lon) {
    var h = p.helmert;
    if (!h) return [lat, lon];
    var N = p.a / Math.sqrt(1 - e2 * Math.sin(lat) * Math.sin(lat));
    var X = N * Math.cos(lat) * Math.cos(lon) - h.dx, Y = N * Math.cos(lat) * Math.sin(lon) - h.dy;
    var Z = N * (1 - e2) * Math.sin(lat) - h.dz, m = 1 / (1 + h.ds);
    X *= m; Y *= m; Z *= m;
    var x = X - h.rz * Y + h.ry * Z, y = h.rz * X + Y - h.rx * Z, z = -h.ry * X + h.rx * Y + Z;
    var r = Math.hypot(x, y), phi = Math.atan2(z, r * (1 - e2));
    for (var i = 0; i < 6; i++) {
      var v = p.a / Math.sqrt(1 - e2 * Math.sin(phi) * Math.sin(phi));
      phi = Math.atan2(z + e2 * v * Math.sin(phi), r);
    }
    return [phi, Math.atan2(y, x)];
  }

  return function (lat, lon) {
    var q = shift(lat * rad, lon * rad), w = xi_eta(q[0], q[1] - p.central_meridian * rad);
    return {
      east: p.false_easting + p.scale_factor * A * w[1],
      north: p.false_northing + p.scale_factor * A * (w[0] - origin)
    };
  };
};
