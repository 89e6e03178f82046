/** @jest-environment jsdom */

const { createTracker } = require("recobeacon");
const silent = require("./silent");

test("in Jest's jsdom without fetch and TextDecoder, every call is silently without effect", () =>
  silent(createTracker));
