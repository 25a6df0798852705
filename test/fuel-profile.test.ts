/**
 * Profiles of fuel are exact: all that was consumed is in them, at the instruction that it was consumed for.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { functionName } from '../compiler/binary/module-info.ts';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { disassemble } from '../compiler/function/dump-sink.ts';
import { type CpuProfile, Runtime, Trap } from '../src/index.ts';
import { sandglass } from './cli-process.ts';
import { FUEL_PROGRAMS } from './fuel-programs.ts';
import { referenceWorld } from './support/engines.ts';
import { expectSameSteps, reference, run } from './support/fuel-runs.ts';
import { ReferenceStore } from './support/interpreter.ts';
import { observe, randomModule } from './support/random-module.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

const DIVIDE = fileURLToPath(new URL('./fixtures/debug/divide-dwarf4-O0.wasm', import.meta.url));
const SOURCE = readFileSync(new URL('./fixtures/debug/divide.c', import.meta.url), 'utf8').split('\n');

const scratch = mkdtempSync(join(tmpdir(), 'sandglass-profile-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const totalOf = ({ nodes }: CpuProfile) => BigInt(sum(nodes.map(({ hitCount }) => hitCount)));

describe('programs cost the same, and all of it is in the profile', () => {
  test.each(FUEL_PROGRAMS.map((program) => [program.name, program] as const))('%s', (_, program) => {
    const { steps, overdraft } = reference(program);
    const world = sandglassWorld({ profileFuel: true });
    expectSameSteps(steps, run(world, program), overdraft);
    expect(totalOf(world.runtime.fuelProfile())).toBe(world.runtime.fuel.consumed);
  });
});

/** Own fuel by way of calling: `start sum divide`. */
function ways({ nodes }: CpuProfile): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Map<string, number>();
  const visit = (ids: readonly number[], path: readonly string[]) => {
    for (const { callFrame, hitCount, children } of ids.map((id) => byId.get(id)!)) {
      const way = [...path, callFrame.functionName];
      if (hitCount > 0) found.set(way.join(' '), (found.get(way.join(' ')) ?? 0) + hitCount);
      visit(children, way);
    }
  };
  visit(nodes[0]!.children, []);
  return found;
}

/** The reference interpreter, noting the same; a function that is being executed already counts where it was first. */
class CountingStore extends ReferenceStore {
  readonly ways = new Map<string, number>();
  names: readonly string[] = [];

  #count(amount: number): void {
    const way: number[] = [];
    for (const index of this.path) {
      const first = way.indexOf(index);
      if (first < 0) way.push(index);
      else way.length = first + 1;
    }
    const name = way.map((index) => this.names[index]).join(' ') || '(constant expressions)';
    if (amount > 0) this.ways.set(name, (this.ways.get(name) ?? 0) + amount);
  }

  override charge(instruction: string): void {
    super.charge(instruction);
    this.#count(1);
  }

  override chargeExtra(units: number): void {
    super.chargeExtra(units);
    this.#count(Math.floor(units / 64));
  }
}

describe.each([
  ['whole', {}],
  ['split', { outline: SPLIT_ALL }],
])('every way of calling, %s', (_, emit) => {
  test('costs what the reference interpreter counts', { timeout: 120_000 }, () => {
    let compared = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const module = randomModule(seed);
      if (module.spins) continue;
      const { info } = new Runtime().compileSync(module.bytes);
      const store = new CountingStore({ maxDepth: 400 });
      store.names = info.functions.map((_type, index) => functionName(info, index) ?? `func ${index}`);
      const observations = observe(referenceWorld(store), module);
      const world = sandglassWorld({ profileFuel: true }, emit);
      observe(world, module);
      const profile = world.runtime.fuelProfile();
      expect(totalOf(profile)).toBe(world.runtime.fuel.consumed);
      // A trap may leave the rest of its region paid for.
      if (observations.some(({ outcome }) => outcome.kind === 'trap')) continue;
      const sorted = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(ways(profile)), `seed ${seed}`).toEqual(sorted(store.ways));
      compared += store.ways.size;
    }
    expect(compared).toBeGreaterThan(80);
  });
});

/** `count` rounds of a loop with an `if` in it, and a fill of 640 bytes. */
function loopModule(): Uint8Array {
  const m = new ModuleBuilder();
  m.memory(1);
  m.func(
    'i32 ->',
    [
      ['loop', ''],
      ['local.get', 0],
      ['i32.const', 1],
      'i32.and',
      ['if', ''],
      'nop',
      'end',
      ['local.get', 0],
      ['i32.const', 1],
      'i32.sub',
      ['local.tee', 0],
      ['br_if', 0],
      'end',
      ['i32.const', 0],
      ['i32.const', 7],
      ['i32.const', 640],
      ['memory.fill', 0],
    ],
    { export: 'run' },
  );
  return m.build();
}

describe.each([
  ['whole', {}],
  ['split', { outline: SPLIT_ALL }],
])('line by line, %s', (_, emit) => {
  test('a loop of 10 rounds', () => {
    const runtime = new Runtime({ profileFuel: true }, emit);
    const module = runtime.compileSync(loopModule());
    runtime.instantiateSync(module).exports.run(10);
    const profile = runtime.fuelProfile();
    const [node] = profile.nodes.filter(({ callFrame }) => callFrame.functionName === 'run');
    const text = disassemble(module.info, 0).split('\n');
    const ticks = node!.positionTicks.map(({ line, ticks }) => `${text[line - 1]!.trim()} ${ticks}`);
    expect(ticks).toEqual([
      'loop  ;; label = @1 1',
      ...['local.get 0 10', 'i32.const 1 10', 'i32.and 10'],
      // Five of ten numbers are odd; the others reach the `end` too.
      ...['if  ;; label = @2 10', 'nop 5', 'end 10'],
      ...['local.get 0 10', 'i32.const 1 10', 'i32.sub 10', 'local.tee 0 10', 'br_if 0 (;@1;) 10', 'end 1'],
      ...['i32.const 0 1', 'i32.const 7 1', 'i32.const 640 1', 'memory.fill 11', ') 1'],
    ]);
    expect(totalOf(profile)).toBe(runtime.fuel.consumed);
  });
});

test('two modules of one Runtime, a limit, and a profile in between', () => {
  const runtime = new Runtime({ profileFuel: true, fuel: 500n });
  const first = runtime.instantiateSync(loopModule());
  const second = runtime.instantiateSync(loopModule());
  first.exports.run(10);
  expect(totalOf(runtime.fuelProfile())).toBe(runtime.fuel.consumed);
  expect(() => second.exports.run(1000)).toThrow('fuel exhausted');
  const profile = runtime.fuelProfile();
  expect(totalOf(profile)).toBe(runtime.fuel.consumed);
  const urls = profile.nodes.filter(({ hitCount }) => hitCount > 100).map(({ callFrame }) => callFrame.url);
  expect(urls).toEqual(['sandglass://module-0/f0.wat', 'sandglass://module-1/f0.wat']);
});

test('of a Runtime that does not count there is none', () => {
  expect(() => new Runtime().fuelProfile()).toThrow('this Runtime has no profileFuel: true');
  expect(() => new Runtime({ profileFuel: true, metering: false })).toThrow('profileFuel needs metering');
});

describe('a C program', () => {
  /** A run that traps, and what it consumed without being profiled. */
  function consumed(): bigint {
    const runtime = new Runtime();
    const { exports } = runtime.instantiateSync(readFileSync(DIVIDE));
    expect(() => exports._start()).toThrow(Trap);
    return runtime.fuel.consumed;
  }

  test('on the command line: functions, files and lines', async () => {
    const file = join(scratch, 'out.cpuprofile');
    const { status, stderr } = await sandglass(['run', '--stats', '--profile-fuel', file, DIVIDE]);
    expect(status).toBe(134);
    expect(stderr).toContain(`fuel consumed ${consumed()}\n`);
    const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
    expect(totalOf(profile)).toBe(consumed());
    expect(BigInt(sum(profile.timeDeltas))).toBe(consumed());
    expect(profile.endTime - profile.startTime).toBe(Number(consumed()));
    expect(profile.samples).toHaveLength(profile.timeDeltas.length);
    // A tree, by its ids.
    const ids = profile.nodes.map(({ id }) => id);
    expect(profile.nodes.flatMap(({ children }) => children).sort((a, b) => a - b)).toEqual(
      ids.filter((id) => id !== 1).sort((a, b) => a - b),
    );
    expect(profile.samples.every((id) => ids.includes(id))).toBe(true);
    expect([...ways(profile).keys()]).toEqual([
      'start',
      'start sum',
      'start sum divide',
      'start sum divide log2of',
      'start divide',
      '(constant expressions)',
    ]);
    for (const { callFrame, hitCount, positionTicks } of profile.nodes.slice(1, -1)) {
      expect(callFrame.url).toBe('file:///project/divide.c');
      expect(SOURCE[callFrame.lineNumber]).toContain(`${callFrame.functionName}(`);
      expect(sum(positionTicks.map(({ ticks }) => ticks))).toBe(hitCount);
    }
  });

  test('a file that cannot be written is told, and the status stays', async () => {
    const { status, stderr } = await sandglass(['run', '--profile-fuel', join(scratch, 'no', 'x'), DIVIDE]);
    expect(status).toBe(134);
    expect(stderr).toContain('sandglass: ENOENT');
  });
});
