// jsdom with what it lacks of a browser, as projects that test requests have it.

const { TestEnvironment } = require("jest-environment-jsdom");

module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    Object.assign(this.global, { fetch, TextDecoder, TextEncoder });
  }
};
