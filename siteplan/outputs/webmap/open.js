// Unpacks the content, which stands deflated in the page, and starts.
(function () {
  var packed = document.getElementById("siteplan-content");
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("siteplan-old-browser").hidden = false;
    return;
  }
  var letters = atob(packed.textContent), bytes = new Uint8Array(letters.length);
  for (var i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  packed.textContent = "";
  var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  new Response(stream).json().then(function (content) {
    SP.content = content;
    SP.start(content);
  });
})();
