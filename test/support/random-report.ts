/**
 * What a set of random modules did, from the reference interpreter's counts: the proof that they are no toys.
 */
import type { Feature } from '../../compiler/features.ts';
import { OPCODES, type Opcode } from '../../compiler/opcodes.ts';
import type { ReferenceStore } from './interpreter.ts';
import type { HostStatistics, Observation } from './random-module.ts';

const TRAPS = [
  'unreachable',
  'integer divide by zero',
  'integer overflow',
  'invalid conversion to integer',
  'out of bounds memory access',
  'out of bounds table access',
  'undefined element',
  'uninitialized element',
  'indirect call type mismatch',
  'call stack exhausted',
  'null exception reference',
  'null function reference',
];

/** Proposals whose instructions random modules use, all of them; others have tests of their own. */
const GENERATED: ReadonlySet<Feature> = new Set<Feature>([
  'mvp',
  'sign-extension',
  'saturating-float-to-int',
  'bulk-memory',
  'reference-types',
  'exception-handling',
  'legacy-exceptions',
  'tail-call',
  'simd',
]);

export function isGenerated({ feature, name }: Opcode): boolean {
  return GENERATED.has(feature) || name.endsWith('call_ref');
}

export class RandomReport {
  readonly host: HostStatistics = { reentries: 0 };
  /** Modules that this host's WebAssembly cannot validate. */
  notNative = 0;
  readonly #counts = new Map<string, number>();
  readonly #outcomes = new Map<string, number>();
  /** Instructions per module. */
  readonly #sizes: number[] = [];
  #runs = 0;
  #features: Record<string, number> = {};

  add(store: ReferenceStore, observations: readonly Observation[]): void {
    let total = 0;
    for (const [name, count] of store.counts) {
      this.#counts.set(name, this.executed(name) + count);
      total += count;
    }
    this.#sizes.push(total);
    for (const { outcome } of observations) {
      const kind = outcome.kind === 'trap' ? outcome.texts[0]! : outcome.kind;
      this.#outcomes.set(kind, (this.#outcomes.get(kind) ?? 0) + 1);
      this.#runs++;
    }
    for (const [name, count] of Object.entries(store.statistics)) {
      this.#features[name] = (this.#features[name] ?? 0) + count;
    }
  }

  executed(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
  median(): number {
    return [...this.#sizes].sort((a, b) => a - b)[this.#sizes.length >> 1] ?? 0;
  }
  trapShare(): number {
    const traps = TRAPS.reduce((sum, text) => sum + (this.#outcomes.get(text) ?? 0), 0);
    return traps / this.#runs;
  }
  missingTraps(): string[] {
    return TRAPS.filter((text) => !this.#outcomes.has(text));
  }
  features(): Record<string, number> {
    return {
      ...this.#features,
      call_indirect: this.executed('call_indirect'),
      'host re-entries': this.host.reentries,
    };
  }

  text(): string {
    const generated = OPCODES.filter(isGenerated);
    const rarest = generated
      .map((row) => [row.name, this.executed(row.name)] as const)
      .sort((a, b) => a[1] - b[1]);
    const list = (entries: Iterable<readonly [string, number]>): string =>
      [...entries].map(([name, count]) => `${name} ${count}`).join(', ');
    return [
      `random modules: ${this.#sizes.length} (${this.notNative} beyond this host's own WebAssembly), ${this.#runs} runs`,
      `  instructions executed per module: median ${this.median()}, most ${Math.max(...this.#sizes)}`,
      `  traps: ${(100 * this.trapShare()).toFixed(1)} % of runs; ${list(this.#outcomes)}`,
      `  ${list(Object.entries(this.features()))}`,
      `  rarest of ${generated.length} opcodes: ${list(rarest.slice(0, 12))}`,
    ].join('\n');
  }
}
