/**
 * Where the fuel went: by function and source line, exactly. The code of a Runtime that is profiled counts how often each region
 * runs (compiler/emit/region-counts.ts); what a region is charged for is known by instruction, so each line gets its share, and all
 * shares add up to what the account says. The same on every machine: nothing here is measured in time.
 *
 * The profile is flat: every function's own fuel, without that of the functions it calls.
 */
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { functionName } from '../compiler/binary/module-info.ts';
import type { RegionCounts } from '../compiler/emit/region-counts.ts';
import { ModuleSources } from '../compiler/emit/source-map.ts';
import { linesOf } from './source-lines.ts';

/** As Chromium's DevTools open it (`.cpuprofile`), with fuel in the place of microseconds. */
export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[];
  readonly startTime: number;
  /** All fuel consumed. */
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface CpuProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    /** From 0; −1: not known. */
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  /** The function's own fuel. */
  readonly hitCount: number;
  readonly children: readonly number[];
  /** Lines from 1. */
  readonly positionTicks: readonly { readonly line: number; readonly ticks: number }[];
}

/** One function's fuel in one file: inlining brings lines of others. */
interface Share {
  readonly name: string;
  readonly url: string;
  readonly start: number;
  total: number;
  readonly lines: Map<number, number>;
}

let countings = 0;

class ModuleProfile implements RegionCounts {
  readonly id = ++countings;
  readonly regions = new Map<number, number[]>();
  readonly counts: Float64Array;
  /** By byte offset: what was charged for sizes. */
  readonly sizes = new Map<number, number>();
  readonly charging: (offset: number) => void;
  readonly #module: ModuleInfo;
  readonly #number: number;

  constructor(
    module: ModuleInfo,
    number: number,
    charging: (profile: ModuleProfile, offset: number) => void,
  ) {
    this.#module = module;
    this.#number = number;
    // Bytes that no region is numbered by take no room until somebody writes there.
    this.counts = new Float64Array(module.bytes.length);
    this.charging = (offset) => charging(this, offset);
  }

  /** Fuel by byte offset. */
  #byOffset(): Map<number, number> {
    const fuel = new Map(this.sizes);
    const add = (offset: number, amount: number) => fuel.set(offset, (fuel.get(offset) ?? 0) + amount);
    for (const [region, costs] of this.regions) {
      const count = this.counts[region]!;
      if (count === 0) continue;
      let sum = 0;
      for (let i = 0; i < costs.length; i += 2) {
        add(costs[i]!, count * costs[i + 1]!);
        sum += costs[i + 1]!;
      }
      // Where everything is free, the first instruction is not.
      if (sum === 0) add(costs[0]!, count);
    }
    return fuel;
  }

  /** In the order of the functions, and the function's own file first. */
  shares(): Share[] {
    const lines = linesOf(this.#module);
    const sources = new ModuleSources(this.#module, { lines, root: `sandglass://module-${this.#number}/` });
    const functions = new Map<number, Map<string, Share>>();
    for (const [offset, amount] of [...this.#byOffset()].sort(([a], [b]) => a - b)) {
      const defined = sources.functionAt(offset)!;
      let files = functions.get(defined);
      if (files === undefined) {
        files = new Map([this.#ownShare(defined, sources)]);
        functions.set(defined, files);
      }
      const [own] = files.values();
      const place = sources.at(offset);
      let share = place === undefined ? own! : files.get(place.url);
      if (share === undefined) {
        share = { name: own!.name, url: place!.url, start: -1, total: 0, lines: new Map() };
        files.set(place!.url, share);
      }
      share.total += amount;
      if (place !== undefined) share.lines.set(place.line, (share.lines.get(place.line) ?? 0) + amount);
    }
    return [...functions.values()].flatMap((files) => [...files.values()]);
  }

  /** Empty, in the file where the function begins. */
  #ownShare(defined: number, sources: ModuleSources): [string, Share] {
    const index = defined + this.#module.importedFunctions;
    const { start, end } = this.#module.bodies[defined]!;
    let place = sources.at(start);
    for (let at = start + 1; place === undefined && at < end; at++) place = sources.at(at);
    const name = functionName(this.#module, index) ?? `func ${index}`;
    const url = place?.url ?? '';
    return [url, { name, url, start: (place?.line ?? 0) - 1, total: 0, lines: new Map() }];
  }
}

export class FuelProfile {
  readonly #modules = new Map<ModuleInfo, ModuleProfile>();
  /** Charged outside of functions: constant expressions. */
  #constants = 0;
  #charging: { readonly profile: ModuleProfile; readonly offset: number } | undefined;

  /** The counts of a module's code. */
  of(module: ModuleInfo): RegionCounts {
    let profile = this.#modules.get(module);
    if (profile === undefined) {
      profile = new ModuleProfile(module, this.#modules.size, (by, offset) => {
        this.#charging = { profile: by, offset };
      });
      this.#modules.set(module, profile);
    }
    return profile;
  }

  /** What is charged next, if anything, is for no instruction of a function. */
  beginInstantiation(): void {
    this.#charging = undefined;
  }

  /** The runtime charges for something that generated code does not. */
  charged(amount: number): void {
    const by = this.#charging;
    this.#charging = undefined;
    if (by === undefined) this.#constants += amount;
    else by.profile.sizes.set(by.offset, (by.profile.sizes.get(by.offset) ?? 0) + amount);
  }

  toCpuProfile(): CpuProfile {
    const shares = [...this.#modules.values()].flatMap((profile) => profile.shares());
    if (this.#constants > 0) {
      const name = '(constant expressions)';
      shares.push({ name, url: '', start: -1, total: this.#constants, lines: new Map() });
    }
    const scripts = new Map<string, string>();
    const nodes = shares.map((share, i) => node(share, i + 2, scripts));
    const ids = nodes.map(({ id }) => id);
    const root = node({ name: '(root)', url: '', start: -1, total: 0, lines: new Map() }, 1, scripts, ids);
    const total = nodes.reduce((sum, { hitCount }) => sum + hitCount, 0);
    // A sample lasts until the next one.
    const timeDeltas = [0, ...nodes.map(({ hitCount }) => hitCount)];
    return { nodes: [root, ...nodes], startTime: 0, endTime: total, samples: [...ids, 1], timeDeltas };
  }
}

function node(
  { name, url, start, total, lines }: Share,
  id: number,
  scripts: Map<string, string>,
  children: readonly number[] = [],
): CpuProfileNode {
  let scriptId = url === '' ? '0' : scripts.get(url);
  if (scriptId === undefined) {
    scriptId = String(scripts.size + 1);
    scripts.set(url, scriptId);
  }
  const positionTicks = [...lines].sort(([a], [b]) => a - b).map(([line, ticks]) => ({ line, ticks }));
  const callFrame = {
    functionName: name,
    scriptId,
    url,
    lineNumber: start,
    columnNumber: start < 0 ? -1 : 0,
  };
  return { id, callFrame, hitCount: total, children, positionTicks };
}
