// A CMP with IAB's library. The strings are made with @iabtcf/core: consent to the purposes 1, 5 and 6 and to vendor 7; no consent at all.

import { CmpApi } from "@iabtcf/cmpapi";
import stub from "@iabtcf/stub/lib/stub.js";

const YES = "CQuV9AAQuV9AAAfABAENBkFgAIwAAAAAAAAAADgIAAAAAAAA.YAAAAAAAAAAA";
const NO = "CQuV9AAQuV9AAAfABAENBkFgAAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAAA";

stub();
const api = new CmpApi(31, 1, true);
window.banner = {
  ask: () => api.update("", true),
  answer: (yes) => api.update(yes ? YES : NO, false),
  /** The purposes 1 and 5 only. */
  answerInPart: () => api.update("CQuV9AAQuV9AAAfABAENBkFgAIgAAAAAAAAAADgIAAAAAAAA.YAAAAAAAAAAA", false),
  doesNotApply: () => api.update(null),
};
