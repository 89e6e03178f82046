// Login with any name. A cookie replaces the shop's server.

import { byId } from "./dom.js";
import { layout } from "./layout.js";
import { logIn } from "./shop.js";
import { account } from "./state.js";

if (account.id) location.replace("/account.html");
layout();

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = byId("name").value.trim();
  // A user id should be a customer number, never personal data: https://gdpr-info.eu/art-5-gdpr/ (1) (c).
  const problem =
    name === ""
      ? "Please give a customer number or a name."
      : name.includes("@")
        ? "Not an e-mail address, please: a customer number or a made-up name."
        : "";
  byId("name-error").textContent = problem;
  byId("name-error").hidden = problem === "";
  byId("name").setAttribute("aria-invalid", String(problem !== ""));
  if (problem) return byId("name").focus();
  logIn(name);
  location.assign("/account.html");
});
// Until this module runs, a submit would be a form submission by the browser, which the page's policy forbids.
const submit = /** @type {HTMLButtonElement | null} */ (document.querySelector('[data-testid="login-submit"]'));
if (submit) submit.disabled = false;
