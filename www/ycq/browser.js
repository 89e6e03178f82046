// What all files of the drop-in use.

import { cookie } from "../../src/browser/host/cookies.js";
import { attempt } from "../../src/browser/host/env.js";

export const warn = (sentence, what) => attempt(() => console.warn(`ycq.js: ${sentence}`, what));

/** Whether the visitor has said no to recobeacon, whichever of its scripts asked. */
export const off = () => cookie("reco_off") === "1";
