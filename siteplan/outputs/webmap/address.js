// The view in the address: centre, zoom, colouring, commune, site, layers, year, runs. A link opens what its sender saw.
SP.address = {
  read: function () {
    var found = {};
    window.location.hash.slice(1).split("&").forEach(function (part) {
      var at = part.indexOf("=");
      if (at < 1) return;
      try { found[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1)); } catch (error) { /* not ours */ }
    });
    function numbers(text, n) {
      var list = String(text || "").split(",").map(Number);
      return list.length === n && list.every(isFinite) ? list : null;
    }
    var m = numbers(found.m, 3);
    return {
      view: m && Math.abs(m[0]) <= 85 && Math.abs(m[1]) <= 180 && m[2] >= 1 && m[2] <= 22 ? m : null, theme: found.t || null, commune: found.c || null, site: found.s || null,
      layers: found.l === undefined ? null : found.l.split(",").filter(Boolean).map(function (one) {
        // key, then its opacity in percent, then what is ticked off: plans_in_force~50!forest!status:adjusted
        var parts = one.split("!"), head = parts[0].split("~"), percent = Number(head[1]);
        return { key: head[0], opacity: head.length > 1 && percent >= 0 && percent <= 100 ? percent / 100 : null, off: parts.slice(1) };
      }), year: numbers(found.y, 1) ? Number(found.y) : null,
      runs: numbers(found.r, 2)
    };
  },
  write: function (state) {
    var c = state.view[0], parts = ["m=" + c.lat.toFixed(5) + "," + c.lng.toFixed(5) + "," + Number(state.view[1].toFixed(2)), "t=" + encodeURIComponent(state.theme)];
    if (state.commune) parts.push("c=" + encodeURIComponent(state.commune));
    if (state.site) parts.push("s=" + encodeURIComponent(state.site));
    parts.push("l=" + state.layers.map(function (l) {
      return encodeURIComponent(l.key + (l.opacity === null ? "" : "~" + Math.round(l.opacity * 100)) + l.off.map(function (k) { return "!" + k; }).join(""));
    }).join(","));
    if (state.year) parts.push("y=" + state.year);
    if (state.runs) parts.push("r=" + state.runs.join(","));
    var hash = "#" + parts.join("&");
    if (hash !== window.location.hash) window.history.replaceState(null, "", hash);
  }
};
