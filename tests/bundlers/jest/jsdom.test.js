/** @jest-environment jsdom */

const { createTracker } = require("recobeacon");
const silent = require("./silent");

test("in Jest's jsdom, which has no fetch and no TextDecoder, too", () => silent(createTracker));
