// A CMP with IAB's library, for a visitor in the USA. Its `signalStatus` is "not ready" until the visitor has answered. The messages of frames are
// answered as IAB's stub does it.

import { CmpApi } from "@iabgpp/cmpapi";

const USNAT = 7;
const api = new CmpApi(31, 1);
api.setApplicableSections([USNAT]);

addEventListener("message", ({ source, data }) => {
  const { command, parameter, version, callId } = data?.__gppCall ?? {};
  if (!command) return;
  const answer = (returnValue, success) => source.postMessage({ __gppReturn: { returnValue, success, callId } }, "*");
  window.__gpp(command, answer, parameter, version);
});
const locate = () => {
  const frame = document.createElement("iframe");
  frame.name = "__gppLocator";
  frame.hidden = true;
  document.body.append(frame);
};
if (document.body) locate();
else addEventListener("DOMContentLoaded", locate);

window.banner = {
  ask() {
    api.setSignalStatus("not ready");
  },
  answer(yes) {
    api.setSignalStatus("not ready");
    api.setFieldValue("usnat", "SaleOptOutNotice", 1);
    api.setFieldValue("usnat", "SaleOptOut", yes ? 2 : 1);
    api.fireSectionChange("usnat");
    api.setSignalStatus("ready");
  },
};
