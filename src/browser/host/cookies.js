// Cookies for the registrable domain, so that the visitor is known on all subdomains of a site.

import { attempt } from "./env.js";

const PROBE = "reco_probe";

/** All cookies as `name=value`. The getter throws in a sandboxed frame. */
const cookies = () => attempt(() => document.cookie.split("; ")) ?? [];

/**
 * The visibility of the cookies. In a frame of another site the browser accepts only cookies that it keeps separately for each site around the frame:
 * https://developer.mozilla.org/docs/Web/Privacy/Guides/Privacy_sandbox/Partitioned_cookies
 */
let sameSite = "Lax";

const write = (name, value, maxAge, domain) =>
  attempt(() => {
    document.cookie =
      `${name}=${value}; Path=/; SameSite=${sameSite}; Max-Age=${maxAge}` +
      (domain ? `; Domain=${domain}` : "") +
      (location.protocol === "https:" ? "; Secure" : "");
  });

/** The host's domains with two labels and more, the shortest first. None for an IP address or `localhost`. */
const domains = () => {
  const labels = location.hostname.split(".");
  return /^\d*$/.test(labels[labels.length - 1]) ? [] : labels.map((_, n) => labels.slice(-n - 1).join(".")).slice(1);
};

let ownDomain;

/** The shortest domain for which the browser accepts a cookie of this visibility. The browser knows the public suffixes. */
const accepted = (visibility) => {
  sameSite = visibility;
  return [...domains(), ""].filter((domain) => {
    write(PROBE, 1, 60, domain);
    const isThere = cookie(PROBE) === "1";
    write(PROBE, "", 0, domain);
    return isThere;
  })[0];
};

/** The domain of the cookies. "" stands for the host alone. If cookies are refused, the next write tries again: some consent tools refuse them until a yes. */
const registrableDomain = () => {
  if ((ownDomain ??= accepted("Lax") ?? accepted("None; Partitioned")) === undefined) sameSite = "Lax";
  return ownDomain ?? "";
};

/** A cookie's decoded value, or undefined if it is missing or damaged. */
export const cookie = (name) => {
  const found = cookies().filter((pair) => pair.startsWith(`${name}=`))[0];
  return found && attempt(() => decodeURIComponent(found.slice(name.length + 1)));
};

/** Writes a cookie for the given or the registrable domain, or deletes it. A refused cookie is not reported. */
export const setCookie = (name, value, days, domain) =>
  value === undefined
    ? deleteCookie(name)
    : write(name, encodeURIComponent(value), days * 86400, domain || registrableDomain());

/** Deletes a cookie from all domains for which it may have been written. */
export const deleteCookie = (name) => {
  if (cookies().filter((pair) => pair.startsWith(`${name}=`))[0]) {
    registrableDomain();
    for (const domain of ["", ...domains()]) write(name, "", 0, domain);
  }
};

/** A cookie that one of the product's scripts has written for the visitor: all but the one for denied consent. */
const ERASED = /^(reco_(?!off=)|YCID=)/;

/** Deletes all cookies for the visitor. */
export const eraseCookies = () => {
  for (const pair of cookies()) if (ERASED.test(pair)) deleteCookie(pair.split("=")[0]);
};

/** The batches that a collector has acknowledged, as `<stream>.<seq>`: of this page and of others. */
export const acknowledgements = () => cookies().flatMap((pair) => /^reco_ack_(\w+\.\d+)=/.exec(pair)?.[1] ?? []);
