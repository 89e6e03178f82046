// Node, as in server-side rendering and in tests without a page.

const { createTracker } = require("recobeacon");
const silent = require("./silent");

test("in Node every call is silently without effect", () => silent(createTracker));
