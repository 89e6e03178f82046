// The common code of the banners' interfaces. Banners repeat their answers, and errors of their scripts must not reach the page.

/**
 * Makes the `follow` of a file. `listen(answer, options, safe)` listens to the banner and returns the function that ends it: `answer(yes)` takes
 * what the visitor decided, `safe(f)` is the function `f` without exceptions.
 */
export const following = (listen) => (own, source) => {
  const { engine, tracker } = own;
  const options = Object(source) === source ? source : {};
  const safe =
    (deed) =>
    (...args) =>
      engine.guard(() => deed(...args), null, "config.consentFrom");
  let last;
  const answer = (yes) => {
    const state = yes ? "granted" : (options.otherwise ?? "denied");
    // A decision that the page has made by consent() stands until the banner says something new.
    if (!own.disposed && state !== last) tracker.consent((last = state));
  };
  const end = safe(listen)(answer, options, safe);
  if (own.disposed) end?.();
  else own.unfollow = end;
};
