// The stub that a page has inline, before the script: it keeps calls, with their time, until the
// tracker is there. What it keeps, [verb, arguments, milliseconds], is read by every later version.
(function (w, n) {
  if (w[n]) return;
  w[n] = function reco(verb) {
    (reco.q = reco.q || []).push([verb, [].slice.call(arguments, 1), Date.now()]);
  };
})(window, "reco");
