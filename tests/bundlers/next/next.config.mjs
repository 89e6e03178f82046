// Next as it is, writing files that any server can serve.

export default {
  output: "export",
  // Next otherwise takes the folder of the outermost lock file.
  turbopack: { root: import.meta.dirname },
};
