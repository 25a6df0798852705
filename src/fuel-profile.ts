/**
 * Where the fuel went: by function, source line and caller, exactly. The code of a Runtime that is profiled counts how often each
 * region runs, and for whom (compiler/emit/region-counts.ts); what a region is charged for is known by instruction, so each line
 * gets its share, and all shares add up to what the account says. The same on every machine: nothing here is measured in time.
 *
 * Who called whom is a tree (fuel-calls.ts). Not here: how the tree grows.
 */
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { functionName } from '../compiler/binary/module-info.ts';
import type { RegionCounts } from '../compiler/emit/region-counts.ts';
import { ModuleSources } from '../compiler/emit/source-map.ts';
import {
  type Call,
  type CalledFunction,
  CallTree,
  chargesOf,
  type Overview,
  type OwnCharges,
} from './fuel-calls.ts';
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

/** One function's fuel in one file, wherever it was called from the same way: inlining brings lines of others. */
interface Share {
  readonly name: string;
  readonly url: string;
  readonly start: number;
  total: number;
  readonly lines: Map<number, number>;
}

interface ProfiledFunction extends CalledFunction {
  readonly shares: (own: OwnCharges) => Share[];
}

type Place = { readonly url: string; readonly line: number } | undefined;

let countings = 0;

/** A module's functions, and where their instructions came from. */
class ModuleProfile implements RegionCounts {
  readonly id = ++countings;
  readonly library: RegionCounts['library'];
  readonly #module: ModuleInfo;
  readonly #number: number;
  readonly #functions = new Map<number, ProfiledFunction>();
  readonly #places = new Map<number, Place>();
  #sources: ModuleSources | undefined;

  constructor(module: ModuleInfo, number: number, calls: CallTree) {
    this.#module = module;
    this.#number = number;
    this.library = {
      current: () => calls.current,
      entered: (defined) => calls.enter(this.#function(defined)),
      resume: (call) => {
        calls.current = call as Call;
      },
      charging: (offset) => calls.announce(offset),
    };
  }

  regionsOf(defined: number): number[][] {
    return this.#function(defined).regions;
  }

  #function(defined: number): ProfiledFunction {
    let found = this.#functions.get(defined);
    if (found === undefined) {
      found = { regions: [], shares: (own) => this.#shares(own, defined) };
      this.#functions.set(defined, found);
    }
    return found;
  }

  /** The file where the function begins first. */
  #shares({ counts, sizes }: OwnCharges, defined: number): Share[] {
    const index = defined + this.#module.importedFunctions;
    const name = functionName(this.#module, index) ?? `func ${index}`;
    const head = this.#headOf(defined);
    const url = head?.url ?? '';
    const own: Share = { name, url, start: (head?.line ?? 0) - 1, total: 0, lines: new Map() };
    const files = new Map([[url, own]]);
    const fuel = fuelByOffset(this.#function(defined), counts, sizes);
    for (const [offset, amount] of [...fuel].sort(([a], [b]) => a - b)) {
      const place = this.#placeOf(offset);
      let share = place === undefined ? own : files.get(place.url);
      if (share === undefined) {
        share = { name, url: place!.url, start: -1, total: 0, lines: new Map() };
        files.set(place!.url, share);
      }
      share.total += amount;
      if (place !== undefined) share.lines.set(place.line, (share.lines.get(place.line) ?? 0) + amount);
    }
    return [...files.values()];
  }

  #headOf(defined: number): Place {
    const { start, end } = this.#module.bodies[defined]!;
    for (let at = start; at < end; at++) {
      const place = this.#placeOf(at);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  #placeOf(offset: number): Place {
    if (!this.#places.has(offset)) {
      const lines = linesOf(this.#module);
      this.#sources ??= new ModuleSources(this.#module, {
        lines,
        root: `sandglass://module-${this.#number}/`,
      });
      this.#places.set(offset, this.#sources.at(offset));
    }
    return this.#places.get(offset);
  }
}

function fuelByOffset(
  { regions }: CalledFunction,
  counts: Float64Array,
  sizes: ReadonlyMap<number, number>,
): Map<number, number> {
  const fuel = new Map(sizes);
  const add = (offset: number, amount: number) => fuel.set(offset, (fuel.get(offset) ?? 0) + amount);
  regions.forEach((costs, region) => {
    const count = counts[region]!;
    if (count === 0) return;
    let sum = 0;
    for (let i = 0; i < costs.length; i += 2) {
      add(costs[i]!, count * costs[i + 1]!);
      sum += costs[i + 1]!;
    }
    if (sum === 0) add(costs[0]!, count * chargesOf(costs));
  });
  return fuel;
}

const EMPTY: Share = { name: '', url: '', start: -1, total: 0, lines: new Map() };

export class FuelProfile {
  readonly #modules = new Map<ModuleInfo, ModuleProfile>();
  readonly #calls = new CallTree();

  /** The counts of a module's code. */
  of(module: ModuleInfo): RegionCounts {
    let profile = this.#modules.get(module);
    if (profile === undefined) {
      profile = new ModuleProfile(module, this.#modules.size, this.#calls);
      this.#modules.set(module, profile);
    }
    return profile;
  }

  /** What is charged next, if anything, is for no instruction of a function. */
  beginInstantiation(): void {
    this.#calls.announce(undefined);
  }

  /** The runtime charges for something that generated code does not. */
  charged(amount: number): void {
    this.#calls.charge(amount);
  }

  toCpuProfile(): CpuProfile {
    const writer = new ProfileWriter(this.#calls.overview(MOST_NODES));
    const { root, constants } = this.#calls;
    const children = [...writer.children(root), ...writer.others()];
    if (constants > 0)
      children.push(writer.add({ ...EMPTY, name: '(constant expressions)', total: constants }));
    return writer.finish(children);
  }
}

/** As many functions as DevTools open without trouble. */
const MOST_NODES = 10_000;

/** Nodes in the order of the calls, callers before those they called. */
class ProfileWriter {
  readonly #overview: Overview;
  readonly #nodes: CpuProfileNode[] = [];
  readonly #scripts = new Map<string, string>();
  /** 1 is the root. */
  #next = 2;

  constructor(overview: Overview) {
    this.#overview = overview;
  }

  /** The calls that a call made, and what they made, as nodes; their ids. */
  children(call: Call): number[] {
    const kept = call.calls.filter((child) => this.#overview.kept.has(child));
    return kept.map((child) => this.#function(child.called!, child, () => this.children(child)));
  }

  /** What is beyond the overview. */
  others(): number[] {
    const { others } = this.#overview;
    if (others.size === 0) return [];
    const all = () => [...others].map(([called, own]) => this.#function(called, own, () => []));
    return [this.#node({ ...EMPTY, name: '(other ways of calling)' }, all)];
  }

  #function(called: CalledFunction, own: OwnCharges, calls: () => number[]): number {
    const [first, ...inlined] = (called as ProfiledFunction).shares(own);
    return this.#node(first!, () => [...inlined.map((share) => this.add(share)), ...calls()]);
  }

  #node(share: Share, within: () => number[]): number {
    const id = this.#next++;
    const at = this.#nodes.length++;
    this.#nodes[at] = node(share, id, this.#scripts, within());
    return id;
  }

  add(share: Share): number {
    return this.#node(share, () => []);
  }

  /** The samples go through the tree: what a function called lies within its own. */
  finish(children: readonly number[]): CpuProfile {
    const root = node({ ...EMPTY, name: '(root)' }, 1, this.#scripts, children);
    const charged = this.#nodes.filter(({ hitCount }) => hitCount > 0);
    const endTime = charged.reduce((sum, { hitCount }) => sum + hitCount, 0);
    // A sample lasts until the next one.
    const timeDeltas = [0, ...charged.map(({ hitCount }) => hitCount)];
    const samples = [...charged.map(({ id }) => id), 1];
    return { nodes: [root, ...this.#nodes], startTime: 0, endTime, samples, timeDeltas };
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
