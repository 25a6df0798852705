/**
 * The built command on one program: a child process, two engines, one round.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute, ROOT } from '../test/cli-process.ts';
import type { Report } from './results.ts';

const RUN = join(ROOT, 'dist/bench/run.js');
const bench = (...args: string[]) => execute(process.execPath, [RUN, ...args]);

test('a table on stdout, progress on stderr, everything as JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
  try {
    const json = join(folder, 'out.json');
    const { status, stdout, stderr } = await bench(
      '--filter',
      '^crc32$',
      '--engines',
      'metered',
      '--rounds',
      '1',
      '--json',
      json,
    );
    expect(stderr).toBe('[1/1, 0 s] crc32\n');
    expect(stdout).toMatch(/^Node .*\n\nC kernels +native ms +metered +fuel\ncrc32 .*\d,\d{3}\n/);
    expect(status).toBe(0);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(report.rows[0]!.cells.map(({ engine, outcome, result }) => [engine, outcome, result])).toEqual([
      ['native', 'ok', '117879811'],
      ['metered', 'ok', '117879811'],
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a filter that matches nothing is said in one line', async () => {
  const { status, stdout, stderr } = await bench('--filter', 'no such thing');
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: '',
    stderr: 'bench: no benchmark matches /no such thing/i; --list names them\n',
  });
});
