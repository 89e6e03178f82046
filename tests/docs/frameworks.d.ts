// Declarations for the examples of the documentation: the parts of frameworks that they use and that are not installed
// here, and the tracker of examples that create none. `npm run bundlers` compiles the same examples with the real ones.

declare const tracker: import("recobeacon").Tracker;
declare const reco: import("recobeacon").Reco;

declare module "react" {
  export type ReactNode = unknown;
  export function useEffect(effect: (() => void) | (() => () => void), dependencies: readonly unknown[]): void;
  export function useRef<T>(initial: null): { current: T | null };
}

declare module "react/jsx-runtime" {
  export namespace JSX {
    type Element = unknown;
    interface IntrinsicAttributes {
      key?: string | number;
    }
    interface IntrinsicElements {
      [name: string]: Record<string, unknown>;
    }
  }
}

// Nuxt imports these functions itself.
declare const watch: typeof import("vue").watch;
declare function defineNuxtPlugin(setup: () => { provide: Record<string, unknown> }): unknown;
declare function defineNuxtConfig(config: { routeRules: Record<string, { proxy: string }> }): unknown;
declare function useNuxtApp(): { $tracker: import("recobeacon").Tracker };
