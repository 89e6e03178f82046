// jsdom with the browser functions that it lacks, as in projects that test requests.

const { TestEnvironment } = require("jest-environment-jsdom");

module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    Object.assign(this.global, { fetch, TextDecoder, TextEncoder });
  }
};
