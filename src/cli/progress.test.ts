import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { Progress } from './progress.ts';

/** What is written to a stream that is, or is not, a terminal. */
function recorded(isTTY: boolean) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  Object.assign(stream, { isTTY, columns: 80 });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => written.join('') };
}

/** Ten steps, the first at once and the others after `ms`. */
function steps(isTTY: boolean, wanted: boolean | undefined, ms: number): string {
  vi.useFakeTimers();
  try {
    const { stream, text } = recorded(isTTY);
    const bar = new Progress('a\x1b[31m b.wasm', wanted, stream);
    for (let done = 1; done <= 10; done++) {
      bar.show(done, 10);
      vi.advanceTimersByTime(ms);
    }
    bar.end();
    return text();
  } finally {
    vi.useRealTimers();
  }
}

const BAR = /■ +\d+ % of a\?\?31m\?b\.wasm/;

test('on a terminal, if it takes long', () => {
  expect(steps(true, undefined, 1000)).toMatch(BAR);
  expect(steps(true, undefined, 10)).toBe('');
});

test('on a terminal at once where it is wanted, and never where it is not', () => {
  expect(steps(true, true, 10)).toMatch(BAR);
  expect(steps(true, false, 1000)).toBe('');
});

test('elsewhere only where it is wanted, as lines', () => {
  expect(steps(false, undefined, 1000)).toBe('');
  expect(steps(false, false, 1000)).toBe('');
  const lines = steps(false, true, 1000).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(line).toMatch(/^[■ ]+\d+ % of \S+$/);
  expect(lines.at(-1)).toMatch(/ 100 % of /);
});
