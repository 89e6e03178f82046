// Loads the other files of a build, each only with the hash that the build has written into this script. A page that trusts this script by
// `integrity` trusts all of them: https://www.w3.org/TR/sri-2/

/** The address of a file. The version, a part of its hash, lets a cache keep the files of two builds apart. */
export const addressIn = (folder, [name, integrity]) => new URL(`${name}?v=${integrity.slice(7, 15)}`, folder).href;

/**
 * Fetches a file. The browser tells a page only that a file was refused. For the reason it is read once more without its hash, and not from the cache:
 * a server may have sent another build's file for this address during a deployment, to be kept for a year. The next page then gets the right one.
 * Warnings have the message of the error.
 */
export async function fetchVerified(address, integrity) {
  try {
    return await (await fetch(address, { integrity })).arrayBuffer();
  } catch {
    const { ok, status, headers, message } = await fetch(address, { cache: "reload" }).catch((error) => error);
    const answer = status ? `${status}, ${headers.get("Content-Type")}` : message;
    const reason = ok
      ? "its hash is not that of this build's file"
      : "it may be in another folder (config.baseUrl), or forbidden by connect-src or CORS";
    throw new Error(`${address} (${answer}): ${reason}`);
  }
}

/** A policy that permits all addresses: only this file can use it. https://www.w3.org/TR/trusted-types/ */
const RULES = { createScriptURL: (url) => url };
let policy;

/**
 * Adds a script element and returns it. All engines check the element of a module, but none checks `import()`, and WebKit (2.50) does not check
 * `<link rel="modulepreload">`.
 */
export function addScript(address, integrity, type, nonce, onload, onerror) {
  const { trustedTypes } = window;
  // Made when it is needed, because a page may forbid it.
  policy = policy || (trustedTypes ? trustedTypes.createPolicy("recobeacon", RULES) : RULES);
  const src = policy.createScriptURL(address);
  // A response that the page may not read cannot be checked, hence crossOrigin.
  const attributes = { type, integrity, nonce, crossOrigin: "", onload, onerror, src };
  const script = /** @type {any} */ (Object.assign(document.createElement("script"), attributes));
  document.head.append(script);
  return script;
}
