// The requests that the drop-in keeps in localStorage while the browser is offline.

export const KEY = "reco_ycq ";

/** Each has its own key, so that tabs do not overwrite each other. */
export const keys = () =>
  Object.getOwnPropertyNames(localStorage)
    .filter((key) => key.startsWith(KEY))
    .sort();
