/** benchmark.js 2.1.4, as far as `rounds.ts` uses it; the package brings no types. */
declare module 'benchmark' {
  interface Deferred {
    resolve(): void;
  }
  interface Options {
    readonly defer: true;
    readonly fn: (deferred: Deferred) => void;
    readonly initCount: number;
    /** Seconds, all of them. */
    readonly minTime: number;
    readonly maxTime: number;
    readonly minSamples: number;
    readonly delay: number;
    readonly onComplete: () => void;
  }
  class Benchmark {
    constructor(name: string, options: Options);
    run(options: { readonly async: true }): this;
    /** Seconds per call, one entry per sample of the last run. */
    readonly stats: { readonly sample: readonly number[] };
    readonly error: unknown;
  }
  export default Benchmark;
}
