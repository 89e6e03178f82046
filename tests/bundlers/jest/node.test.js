// Where pages are rendered or logic is tested without a page.

const { createTracker } = require("recobeacon");
const silent = require("./silent");

test("in Node every call is silently without effect", () => silent(createTracker));
