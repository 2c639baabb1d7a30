// Texts, numbers and elements. Everything shown goes through textContent.
SP.words = function (content) {
  var vi = content.lang !== "en";
  var W = { lang: content.lang };

  // as the program rounds: a half goes away from zero, also one that binary numbers only come near to
  W.fixed = function (value, decimals) {
    var scale = Math.pow(10, decimals), moved = Math.abs(value) * scale;
    if (Math.abs(moved % 1 - 0.5) < 5e-7) return ((Math.floor(moved) + 1) / scale).toFixed(decimals);
    return Math.abs(value).toFixed(decimals);
  };
  W.number = function (value, decimals) {
    if (value === null || value === undefined || !isFinite(value)) return "–";
    var parts = W.fixed(value, decimals || 0).split(".");
    var zero = Number(parts.join("")) === 0;
    parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, vi ? "." : ",");
    var text = parts.join(vi ? "," : ".");
    return value < 0 && !zero ? "-" + text : text;
  };
  W.unit = function (value, decimals, unit) {
    return value === null || value === undefined ? "–" : W.number(value, decimals) + (unit ? " " + unit : "");
  };
  W.m2 = function (value) { return W.unit(value, 0, "m²"); };
  W.billion = function (dong) { return dong === null || dong === undefined ? "–" : W.number(dong / 1e9, 1) + " " + W.t("unit_billion"); };
  W.date = function (iso) {
    var found = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso || "");
    return found ? (vi ? found[3] + "/" + found[2] + "/" + found[1] : found[0]) : (iso || "–");
  };
  // {name} in a text of the catalogue is replaced once; what is put in is not looked at again
  W.t = function (key, values) {
    var text = Object.prototype.hasOwnProperty.call(content.texts, key) ? content.texts[key] : key;
    return text.replace(/\{(\w+)\}/g, function (all, name) {
      return values && values[name] !== undefined && values[name] !== null ? String(values[name]) : "–";
    });
  };
  W.token = function (column, token) {
    if (token === null || token === undefined || token === "") return "";
    var known = content.tokens[column], own = column + "." + token;
    if (known && Object.prototype.hasOwnProperty.call(known, token)) return known[token];
    return Object.prototype.hasOwnProperty.call(content.texts, own) ? content.texts[own] : String(token);
  };
  W.fold = function (text) {
    return String(text).replace(/[Đđ]/g, "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/\s+/g, " ").trim();
  };
  return W;
};

// element: tag with classes ("div.card.open"), attributes, children (text or elements)
SP.el = function (what, attributes, children) {
  var names = what.split("."), node = document.createElement(names[0]);
  if (names.length > 1) node.className = names.slice(1).join(" ");
  Object.keys(attributes || {}).forEach(function (key) {
    var value = attributes[key];
    if (value === null || value === undefined || value === false) return;
    if (key === "on") Object.keys(value).forEach(function (event) { node.addEventListener(event, value[event]); });
    else if (key === "css") Object.keys(value).forEach(function (name) { node.style.setProperty(name, value[name]); });
    else node.setAttribute(key, value === true ? "" : String(value));
  });
  SP.put(node, children);
  return node;
};
SP.put = function (node, children) {
  (Array.isArray(children) ? children : [children]).forEach(function (child) {
    if (child === null || child === undefined || child === false) return;
    if (Array.isArray(child)) SP.put(node, child);
    else node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  });
  return node;
};
SP.refill = function (node, children) {
  while (node.firstChild) node.removeChild(node.firstChild);
  return SP.put(node, children);
};
// words that are the same already are left alone, so that the browser need not lay them out again
SP.tell = function (node, text) {
  text = String(text);
  if (node.textContent !== text) node.textContent = text;
};
// children in this order; those that stand where they should are not touched
SP.arrange = function (parent, nodes) {
  nodes.forEach(function (node, i) {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] || null);
  });
  while (parent.children.length > nodes.length) parent.removeChild(parent.lastChild);
  return parent;
};
