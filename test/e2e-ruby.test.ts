/**
 * Ruby 3.4, compiled to WebAssembly by others, on generated JavaScript: the same output as under native WebAssembly.
 */
import { describe, expect, test } from 'vitest';
import { sandglass } from './cli-process.ts';
import { native, needing, RUBY } from './e2e-runtimes.ts';

const ARGS = ['-e', 'puts (1..10).map{|x|x*x}.inspect'];

describe.skipIf(RUBY === undefined)(needing(RUBY, 'ruby', 'Ruby'), { timeout: 300_000 }, () => {
  test('prints the same as under native WebAssembly', async () => {
    const ours = await sandglass(['run', RUBY!, ...ARGS]);
    expect(ours).toMatchObject({ status: 0, stdout: '[1, 4, 9, 16, 25, 36, 49, 64, 81, 100]\n' });
    expect(ours.stdout).toBe((await native(RUBY!, ARGS)).stdout);
  });

  test('arguments, exit status, errors', async () => {
    const exit = await sandglass(['run', RUBY!, '-e', 'warn ARGV.inspect; exit 3', 'a', 'b "c"']);
    expect(exit).toMatchObject({ status: 3, stdout: '', stderr: '["a", "b \\"c\\""]\n' });
    const error = await sandglass(['run', RUBY!, '-e', 'raise "no"']);
    expect(error).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^-e:1:.* no \(RuntimeError\)/),
    });
  });
});
