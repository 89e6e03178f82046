// What may be blocked, absent or throw, without throwing.

export const attempt = (deed) => {
  try {
    return deed();
  } catch {
    // As if it were not there.
  }
};

export const warn = (sentence, what) => attempt(() => console.warn(`ycq.js: ${sentence}`, what));

/** A cookie's value, or nothing. The getter throws in a sandboxed frame. */
export const cookie = (name) =>
  attempt(() => {
    const found = document.cookie.split("; ").filter((pair) => pair.startsWith(`${name}=`))[0];
    return decodeURIComponent(found.slice(name.length + 1));
  });

/** Whether the visitor has said no to recobeacon, whichever of its scripts asked. */
export const off = () => cookie("reco_off") === "1";
