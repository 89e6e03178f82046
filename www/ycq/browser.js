// The common code of the drop-in's files.

import { cookie } from "../../src/browser/host/cookies.js";
import { attempt } from "../../src/browser/host/env.js";

export const warn = (sentence, what = "") => attempt(() => console.warn(`ycq.js: ${sentence}`, what));

/** Whether the visitor has refused consent in any of recobeacon's scripts. */
export const off = () => cookie("reco_off") === "1";
