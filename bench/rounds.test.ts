/**
 * The order of visits and what becomes of results; how long anything takes decides no test.
 */
import { expect, test } from 'vitest';
import type { EngineName } from './engines/engine.ts';
import { type Contender, measure, rotated } from './rounds.ts';

const PATIENT = { rounds: 3, budget: 60_000 };

function contenders(
  calls: string[],
  results: Partial<Record<EngineName, () => string | Promise<string>>>,
): Contender[] {
  return Object.entries(results).map(([name, result]) => ({
    engine: name as EngineName,
    call: () => {
      calls.push(name);
      return result();
    },
  }));
}

test('one call each to warm up, then every engine once a round, another first each time', async () => {
  const calls: string[] = [];
  const cells = await measure(contenders(calls, { native: () => '1', metered: async () => '1' }), PATIENT);
  const rounds = ['native', 'metered', 'metered', 'native', 'native', 'metered'];
  expect(calls).toEqual(['native', 'metered', ...rounds]);
  expect(cells.map(({ engine, outcome, times }) => [engine, outcome, times.length])).toEqual([
    ['native', 'ok', 3],
    ['metered', 'ok', 3],
  ]);
});

test('a result other than native’s is wrong, even if it comes once', async () => {
  let count = 0;
  const cells = await measure(
    contenders([], { native: () => '1', polywasm: () => (++count === 2 ? '2' : '1') }),
    PATIENT,
  );
  expect(cells[1]).toMatchObject({ outcome: 'wrong', reason: '2 instead of 1', result: '2' });
});

test('who throws is not called again', async () => {
  const calls: string[] = [];
  const failing = () => {
    throw new RangeError('too deep');
  };
  const cells = await measure(contenders(calls, { native: () => '1', wasm2js: failing }), PATIENT);
  expect(cells[1]).toEqual({
    engine: 'wasm2js',
    outcome: 'fails',
    reason: 'RangeError: too deep',
    times: [],
  });
  expect(calls.filter((name) => name === 'wasm2js')).toHaveLength(1);
});

test('a peer that has spent its budget is cut; native and Sandglass never are', async () => {
  const all = contenders([], { native: () => '1', metered: () => '1', polywasm: () => '1' });
  const cells = await measure(all, { rounds: 5, budget: 0 });
  expect(cells.map(({ outcome, times }) => [outcome, times.length])).toEqual([
    ['ok', 5],
    ['ok', 5],
    ['cut', 2],
  ]);
});

test('without a budget nobody is cut', async () => {
  const cells = await measure(contenders([], { native: () => '1', polywasm: () => '1' }), { rounds: 5 });
  expect(cells.map(({ times }) => times.length)).toEqual([5, 5]);
});

test('fuel is that of one call', async () => {
  let consumed = 100n;
  const metered: Contender = {
    engine: 'metered',
    call: () => {
      consumed += 7n;
      return '1';
    },
    fuel: () => consumed,
  };
  expect((await measure([metered], PATIENT))[0]!.fuel).toBe('7');
});

test('rotation', () => {
  expect(rotated(['a', 'b', 'c'], 4)).toEqual(['b', 'c', 'a']);
  expect(rotated([], 3)).toEqual([]);
});
