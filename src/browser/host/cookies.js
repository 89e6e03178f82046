// Cookies, on the registrable domain: the visitor stays known on all of a site's subdomains.

import { attempt } from "./env.js";

const PROBE = "reco_probe";

/** All cookies, each `name=value`. The getter throws in a sandboxed frame. */
const cookies = () => attempt(() => document.cookie.split("; ")) ?? [];

const write = (name, value, maxAge, domain) =>
  attempt(() => {
    document.cookie =
      `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${maxAge}` +
      (domain ? `; Domain=${domain}` : "") +
      (location.protocol === "https:" ? "; Secure" : "");
  });

/** The host's domains of two labels and more, shortest first. None for an address or `localhost`. */
const domains = () => {
  const labels = location.hostname.split(".");
  return /^\d*$/.test(labels[labels.length - 1]) ? [] : labels.map((_, n) => labels.slice(-n - 1).join(".")).slice(1);
};

let ownDomain;

/** The shortest domain that the browser accepts a cookie for: it knows the public suffixes. */
const registrableDomain = () =>
  (ownDomain ??=
    domains().filter((domain) => {
      write(PROBE, 1, 60, domain);
      const accepted = cookie(PROBE) === "1";
      write(PROBE, "", 0, domain);
      return accepted;
    })[0] ?? "");

/** A cookie's value, decoded; undefined where there is none, or it is damaged. */
export const cookie = (name) => {
  const found = cookies().filter((pair) => pair.startsWith(`${name}=`))[0];
  return found && attempt(() => decodeURIComponent(found.slice(name.length + 1)));
};

/** Writes a cookie for the domain, or for the registrable one; or deletes it. Refused, it is simply not there. */
export const setCookie = (name, value, days, domain) =>
  value === undefined
    ? deleteCookie(name)
    : write(name, encodeURIComponent(value), days * 86400, domain || registrableDomain());

/** Deletes a cookie, whichever of our domains it was written for. */
const deleteCookie = (name) => {
  if (cookies().filter((pair) => pair.startsWith(`${name}=`)).length) {
    for (const domain of ["", ...domains()]) write(name, "", 0, domain);
  }
};

/** The batches that a collector says it has, `<stream>.<seq>` each: this page's, and those of others. */
export const acknowledgements = () => cookies().flatMap((pair) => /^reco_ack_(\w+\.\d+)=/.exec(pair)?.[1] ?? []);
