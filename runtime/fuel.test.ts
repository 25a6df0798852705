import { beforeEach, describe, expect, test, vi } from 'vitest';
import { AbortError, HostError, OutOfFuelError } from './errors.ts';
import { Fuel, type OnOutOfFuel, SLICE } from './fuel.ts';
import { Interrupt } from './interrupt.ts';

/** Spends as generated code does: charges a region, then checks. */
class Spender {
  readonly store = { fuel: 0, fuel2: 0 };
  readonly interrupt = new Interrupt();
  readonly fuel: Fuel;

  constructor(limit: bigint | undefined, onOutOfFuel?: OnOutOfFuel, shared = false) {
    this.fuel = new Fuel(this.store, { limit, onOutOfFuel, interrupt: this.interrupt, shared });
  }

  region(cost: number): void {
    this.store.fuel = (this.store.fuel - cost) | 0;
    if (this.store.fuel < 0) this.fuel.refuel();
  }

  /** Regions until an error, which it returns; at most `most`. */
  runDry(cost: number, most = 100_000): unknown {
    try {
      for (let i = 0; i < most; i++) this.region(cost);
    } catch (error) {
      return error;
    }
    return undefined;
  }
}

describe('a limit', () => {
  test.each([0n, 1n, 6n, 7n, 8n, 1000n, BigInt(SLICE), BigInt(SLICE) * 3n + 5n])('of %d', (limit) => {
    const spender = new Spender(limit);
    const cost = limit < 10_000n ? 7 : 7 ** 6;
    const error = spender.runDry(cost) as OutOfFuelError;
    const consumed = (limit / BigInt(cost) + 1n) * BigInt(cost);
    expect(error).toBeInstanceOf(OutOfFuelError);
    expect(error).toMatchObject({
      consumed,
      limit,
      message: `fuel exhausted: consumed ${consumed} of ${limit}`,
    });
    expect(spender.fuel.consumed).toBe(consumed);
    expect(spender.fuel.remaining).toBe(0n);
    expect(spender.fuel.limit).toBe(limit);
  });

  test('may be used to the last unit', () => {
    const spender = new Spender(10n);
    expect(spender.runDry(5, 2)).toBeUndefined();
    expect(spender.fuel).toMatchObject({ consumed: 10n, remaining: 0n });
  });

  test('fails every later call at its first check, even a free one', () => {
    const spender = new Spender(10n);
    for (const cost of [11, 1, 0]) expect(spender.runDry(cost, 1)).toBeInstanceOf(OutOfFuelError);
    expect(spender.fuel.consumed).toBe(12n);
  });

  test('never lets the int32 wrap', () => {
    const spender = new Spender(10n);
    for (let i = 0; i < 10; i++) expect(spender.runDry(2 ** 30)).toBeInstanceOf(OutOfFuelError);
    expect(spender.fuel.consumed).toBe(10n * 2n ** 30n);
  });

  test.each([
    [-1n, RangeError],
    [5, TypeError],
    ['5', TypeError],
    [null, TypeError],
  ])('cannot be %s', (limit, error) => {
    expect(() => new Spender(limit as bigint)).toThrow(error as typeof RangeError);
  });
});

describe('a limit that two counters share', () => {
  /** Spends from both in turn, as twins of recursive functions do; returns the error, if one came. */
  function spend(spender: Spender, cost: number, most = 100_000): unknown {
    const { store, fuel } = spender;
    try {
      for (let i = 0; i < most; i++) {
        const purse = i % 3 === 0 ? 'fuel' : 'fuel2';
        store[purse] = (store[purse] - cost) | 0;
        if (store[purse] < 0) fuel.refuel();
      }
    } catch (error) {
      return error;
    }
    return undefined;
  }

  test.each([0n, 1n, 7n, 1000n, BigInt(SLICE), BigInt(SLICE) * 5n + 5n])('of %d is all used', (limit) => {
    const spender = new Spender(limit, undefined, true);
    const cost = limit < 10_000n ? 7 : 7 ** 6;
    const consumed = (limit / BigInt(cost) + 1n) * BigInt(cost);
    expect(spend(spender, cost)).toMatchObject({ consumed, limit });
    expect(spender.fuel).toMatchObject({ consumed, remaining: 0n });
    for (const purse of [0, 1, 2]) {
      expect(spend(spender, purse, 1)).toBeInstanceOf(OutOfFuelError);
    }
  });

  test('may be used to the last unit, and set anew', () => {
    const spender = new Spender(9n, undefined, true);
    expect(spend(spender, 3, 3)).toBeUndefined();
    expect(spender.fuel).toMatchObject({ consumed: 9n, remaining: 0n });
    spender.fuel.set(2n);
    expect(spend(spender, 1, 2)).toBeUndefined();
    expect(spend(spender, 1, 1)).toMatchObject({ consumed: 12n, limit: 11n });
  });

  test('onOutOfFuel grants, or uses the account itself', () => {
    const granted = new Spender(10n, ({ limit }) => (limit < 100n ? 30n : undefined), true);
    expect(spend(granted, 1)).toMatchObject({ consumed: 101n, limit: 100n });
    const setting: Spender = new Spender(
      10n,
      () => (setting.fuel.consumed < 15n ? setting.fuel.set(2n) : undefined),
      true,
    );
    expect(spend(setting, 1)).toMatchObject({ consumed: 17n, limit: 16n });
  });

  test('an interruption loses no fuel', () => {
    const spender = new Spender(100n, undefined, true);
    expect(spend(spender, 1, 20)).toBeUndefined();
    spender.interrupt.request();
    expect(spend(spender, 200, 1)).toBeInstanceOf(AbortError);
    expect(spender.fuel.consumed).toBe(220n);
  });
});

describe('unlimited fuel', () => {
  test('is counted', () => {
    const spender = new Spender(undefined);
    spender.runDry(1000, 12_345);
    expect(spender.fuel).toMatchObject({ consumed: 12_345_000n, remaining: undefined, limit: undefined });
  });

  test('stays unlimited when some is added, and not when it is set', () => {
    const spender = new Spender(undefined);
    spender.region(100);
    spender.fuel.add(5n);
    expect(spender.fuel.remaining).toBeUndefined();
    spender.fuel.set(5n);
    expect(spender.fuel).toMatchObject({ remaining: 5n, consumed: 100n, limit: 105n });
    expect(spender.runDry(1)).toMatchObject({ consumed: 106n, limit: 105n });
  });
});

describe('granting', () => {
  let spender: Spender;
  beforeEach(() => {
    spender = new Spender(10n);
    spender.region(4);
  });

  test('add', () => {
    spender.fuel.add(5n);
    expect(spender.fuel).toMatchObject({ consumed: 4n, remaining: 11n, limit: 15n });
    expect(spender.runDry(1)).toMatchObject({ consumed: 16n, limit: 15n });
  });

  test('add pays the overdraft first', () => {
    spender.runDry(100);
    spender.fuel.add(90n);
    expect(spender.fuel).toMatchObject({ consumed: 104n, remaining: 0n, limit: 100n });
    spender.fuel.add(14n);
    expect(spender.fuel).toMatchObject({ consumed: 104n, remaining: 10n, limit: 114n });
    expect(spender.runDry(10, 1)).toBeUndefined();
  });

  test.each([0n, 3n, 6n, 10n ** 20n])('set %d', (amount) => {
    spender.fuel.set(amount);
    expect(spender.fuel).toMatchObject({ consumed: 4n, remaining: amount, limit: amount + 4n });
  });

  test('set after exhaustion forgives the overdraft', () => {
    spender.runDry(100);
    spender.fuel.set(3n);
    expect(spender.fuel).toMatchObject({ consumed: 104n, remaining: 3n });
    expect(spender.runDry(3, 1)).toBeUndefined();
    expect(spender.runDry(1, 1)).toBeInstanceOf(OutOfFuelError);
  });

  test.each(['add', 'set'] as const)('%s refuses what is no amount', (method) => {
    expect(() => spender.fuel[method](-1n)).toThrow(RangeError);
    expect(() => spender.fuel[method](1 as unknown as bigint)).toThrow(TypeError);
    expect(spender.fuel).toMatchObject({ consumed: 4n, remaining: 6n });
  });
});

describe('onOutOfFuel', () => {
  test('grants again and again', () => {
    const grants = [5n, 1n, 20n];
    const ask = vi.fn<OnOutOfFuel>(() => grants.shift());
    const spender = new Spender(10n, ask);
    expect(spender.runDry(1)).toMatchObject({ consumed: 37n, limit: 36n });
    expect(ask.mock.calls.map(([info]) => info)).toEqual([
      { consumed: 11n, limit: 10n },
      { consumed: 16n, limit: 15n },
      { consumed: 17n, limit: 16n },
      { consumed: 37n, limit: 36n },
    ]);
  });

  test('is asked until the region is paid for', () => {
    const ask = vi.fn<OnOutOfFuel>(() => 30n);
    const spender = new Spender(10n, ask);
    spender.region(95);
    expect(ask).toHaveBeenCalledTimes(3);
    expect(spender.fuel).toMatchObject({ consumed: 95n, remaining: 5n });
  });

  test.each([undefined, 0n])('answering %s ends the run', (answer) => {
    expect(new Spender(10n, () => answer).runDry(1)).toBeInstanceOf(OutOfFuelError);
  });

  test('may use the account itself', () => {
    const adding: Spender = new Spender(10n, () =>
      adding.fuel.consumed < 15n ? adding.fuel.add(2n) : undefined,
    );
    expect(adding.runDry(1)).toMatchObject({ consumed: 15n, limit: 14n });
    const setting: Spender = new Spender(10n, () =>
      setting.fuel.consumed < 15n ? setting.fuel.set(2n) : undefined,
    );
    expect(setting.runDry(1)).toMatchObject({ consumed: 17n, limit: 16n });
  });

  test('throwing passes through WebAssembly unseen, and the account stays right', () => {
    const mine = new RangeError('mine');
    const spender = new Spender(10n, () => {
      throw mine;
    });
    const error = spender.runDry(1) as HostError;
    expect(error).toBeInstanceOf(HostError);
    expect(error).toMatchObject({ error: mine, catchable: false });
    expect(spender.fuel.consumed).toBe(11n);
  });

  test.each([
    [-1n, RangeError],
    [1, TypeError],
  ])('answering %s is an error', (answer, error) => {
    const thrown = new Spender(10n, () => answer as bigint).runDry(1) as HostError;
    expect(thrown.error).toBeInstanceOf(error);
  });
});

describe('charge', () => {
  test.each([0, 1, SLICE, SLICE + 1, 2 ** 32])('%d', (amount) => {
    const spender = new Spender(undefined);
    spender.fuel.charge(amount);
    spender.fuel.charge(3);
    expect(spender.fuel.consumed).toBe(BigInt(amount) + 3n);
    expect(spender.store.fuel).toBeGreaterThanOrEqual(0);
  });

  test('runs out', () => {
    const spender = new Spender(10n);
    expect(() => spender.fuel.charge(2 ** 32)).toThrow('fuel exhausted: consumed 4294967296 of 10');
  });
});

test('interruption is looked at once a slice, and loses no fuel', () => {
  const spender = new Spender(undefined);
  spender.region(1);
  spender.interrupt.request();
  expect(spender.runDry(1000)).toBeInstanceOf(AbortError);
  const consumed = spender.fuel.consumed;
  expect(consumed).toBeGreaterThan(SLICE);
  expect(consumed).toBeLessThanOrEqual(SLICE + 1001);
  spender.region(1);
  expect(spender.fuel.consumed).toBe(consumed + 1n);
});
