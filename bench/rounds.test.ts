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

test('who has spent its budget takes part in two rounds', async () => {
  const cells = await measure(contenders([], { native: () => '1' }), { rounds: 5, budget: 0 });
  expect(cells[0]!.times).toHaveLength(2);
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
