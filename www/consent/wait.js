// Waits for another script's global, which may come later or never.

const FIRST_MS = 50;
const LONGEST_MS = 1000;

/** Runs `use(found)` as soon as `look()` returns something. Returns the function that ends the waiting. */
export function whenFound(look, use) {
  let timer;
  const attempt = (wait) => {
    const found = look();
    if (found) use(found);
    else timer = setTimeout(attempt, wait, Math.min(2 * wait, LONGEST_MS));
  };
  attempt(FIRST_MS);
  return () => clearTimeout(timer);
}
