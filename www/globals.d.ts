// Names that the shipped JavaScript finds in a page or in the build, for the type check of `npm run check`. Not
// shipped.

/** The stub of stub.js, later the script tag's function. */
declare var reco: import("./index.js").Reco;
/** The command queue of the old trackers, which ycq.js takes over. */
declare var _ycq: any;

/** A file of the build: its name, and its hash as the attribute `integrity` has it. */
type BuiltFile = [name: string, integrity: string];
/** Replaced by the build: the smaller and the larger module. */
declare const __WASM_FILES__: [BuiltFile, BuiltFile];
/** Replaced by the build: the hashes of both modules. One of them must fit, also for the file at `wasmUrl`. */
declare const __WASM_INTEGRITY__: string;
declare const __FALLBACK_FILE__: BuiltFile;
declare const __MEASURE_FILE__: BuiltFile;
declare const __YCQ_CONSENT_FILE__: BuiltFile;
/** Replaced by the build: the hashes of consent-*.js, by banner. */
declare const __CONSENT_FILES__: Record<string, string>;

// https://developer.mozilla.org/docs/Web/API/Window/fetchLater, not in every lib.dom.d.ts yet.
declare function fetchLater(url: string, init?: RequestInit & { activateAfter?: number }): { activated: boolean };

interface Window {
  _ycq: any;
  fetchLater?: typeof fetchLater;
  // https://www.w3.org/TR/trusted-types/
  trustedTypes?: { createPolicy(name: string, rules: object): any };
}

interface Navigator {
  // https://www.w3.org/TR/gpc/
  globalPrivacyControl?: boolean;
}

interface Document {
  // https://developer.mozilla.org/docs/Web/API/Document/prerendering
  prerendering?: boolean;
}

declare module "built:glue.js" {
  export function instantiate(make: (imports: any) => any): any;
}

declare module "built:*.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module "built:fallback.js" {
  export function instance(imports: any): any;
}
