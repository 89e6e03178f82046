// Names that the scripts use and that have no types of their own.

/** In a page that playwright evaluates: the tracker's function. */
declare var reco: any;

/** Installed with the other trackers only (tests/faults/peers). */
declare module "@segment/snippet" {
  export function min(options: object): string;
}
