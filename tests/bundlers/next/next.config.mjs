// Next with its defaults, exporting static files.

export default {
  output: "export",
  // Otherwise Next uses the folder of the outermost lock file.
  turbopack: { root: import.meta.dirname },
};
