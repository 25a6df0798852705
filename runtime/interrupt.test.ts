import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { AbortError, TimeoutError } from './errors.ts';
import { type Control, Interrupt } from './interrupt.ts';

/** What `act` throws. */
function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('the word', () => {
  test('turns into one AbortError', () => {
    const interrupt = new Interrupt();
    interrupt.poll();
    interrupt.request();
    expect(thrownBy(() => interrupt.poll())).toMatchObject({ name: 'AbortError', reason: 'interrupted' });
    interrupt.poll();
  });

  test('set before a call, stops it at its start', () => {
    const interrupt = new Interrupt();
    interrupt.request();
    expect(() => interrupt.enter({})).toThrow(AbortError);
    interrupt.leave(interrupt.enter({}));
  });

  test('wakes a waiting thread', () => {
    const interrupt = new Interrupt();
    const code = `const { workerData } = require('worker_threads');
      setTimeout(() => { Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0); }, 20);`;
    new Worker(code, { eval: true, workerData: interrupt.word }).unref();
    expect(() => interrupt.wait(Infinity)).toThrow(AbortError);
  });
});

describe('a deadline', () => {
  test('that has passed stops the call at its start', () => {
    const interrupt = new Interrupt();
    expect(thrownBy(() => interrupt.enter({ deadlineMs: 0 }))).toMatchObject({
      name: 'TimeoutError',
      deadlineMs: 0,
      message: 'deadline of 0 ms exceeded',
    });
    expect(interrupt.remaining()).toBe(Infinity);
  });

  test('ends a wait', () => {
    const interrupt = new Interrupt();
    const token = interrupt.enter({ deadlineMs: 5 });
    expect(() => interrupt.wait(Infinity)).toThrow(TimeoutError);
    expect(() => interrupt.poll()).toThrow(TimeoutError);
    expect(interrupt.remaining()).toBe(0);
    interrupt.leave(token);
    interrupt.poll();
  });

  test('nests: the earliest counts', () => {
    const interrupt = new Interrupt();
    const outer = interrupt.enter({ deadlineMs: 10_000 });
    const later = interrupt.enter({ deadlineMs: 20_000 });
    expect(interrupt.remaining()).toBeLessThanOrEqual(10_000);
    const none = interrupt.enter({});
    expect(interrupt.remaining()).toBeLessThanOrEqual(10_000);
    const sooner = interrupt.enter({ deadlineMs: 1 });
    expect(thrownBy(() => interrupt.wait(1000))).toMatchObject({ deadlineMs: 1 });
    interrupt.leave(sooner);
    interrupt.leave(none);
    interrupt.leave(later);
    expect(interrupt.remaining()).toBeGreaterThan(1000);
    interrupt.leave(outer);
    expect(interrupt.remaining()).toBe(Infinity);
  });

  test('leaving an outer call leaves the inner ones', () => {
    const interrupt = new Interrupt();
    const outer = interrupt.enter({ deadlineMs: 10_000 });
    interrupt.enter({ deadlineMs: 5_000 });
    interrupt.leave(outer);
    expect(interrupt.remaining()).toBe(Infinity);
  });
});

describe('a signal', () => {
  test('that has fired stops the call at its start, with its reason', () => {
    const reason = { mine: true };
    const error = thrownBy(() => new Interrupt().enter({ signal: AbortSignal.abort(reason) }));
    expect((error as AbortError).reason).toBe(reason);
  });

  test('of an outer call counts in an inner one', () => {
    const interrupt = new Interrupt();
    const controller = new AbortController();
    interrupt.enter({ signal: controller.signal });
    interrupt.enter({ deadlineMs: 10_000 });
    interrupt.poll();
    controller.abort(new Error('enough'));
    expect(() => interrupt.poll()).toThrow('enough');
    expect(() => interrupt.wait(Infinity)).toThrow(AbortError);
  });
});

test.each([0, -1, NaN, 1, 0.25])('wait(%d) returns', (ms) => {
  const start = performance.now();
  new Interrupt().wait(ms);
  expect(performance.now() - start).toBeGreaterThanOrEqual(Math.max(0, ms || 0));
});

test.each([
  [{ deadlineMs: -1 }, RangeError],
  [{ deadlineMs: NaN }, RangeError],
  [{ deadlineMs: '5' }, TypeError],
  [{ deadlineMs: null }, TypeError],
  [{ signal: {} }, TypeError],
  [{ signal: null }, TypeError],
])('%j is refused', (control, error) => {
  const interrupt = new Interrupt();
  expect(() => interrupt.enter(control as Control)).toThrow(error);
  expect(interrupt.remaining()).toBe(Infinity);
});
