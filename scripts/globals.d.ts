// Names that the scripts use and that have no type declarations.

/** In a page that playwright evaluates: the tracker's function. */
declare var reco: any;

/** Installed only together with the other trackers (tests/faults/peers). */
declare module "@segment/snippet" {
  export function min(options: object): string;
}
