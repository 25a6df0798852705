/**
 * Ruby 3.4, compiled to WebAssembly by others, on generated JavaScript: the same output as under native WebAssembly.
 */
import { describe, expect, test } from 'vitest';
import { sandglass } from './cli-process.ts';
import { native, needing, RUBY } from './e2e-runtimes.ts';

const ARGS = ['-e', 'puts (1..10).map{|x|x*x}.inspect'];

describe.skipIf(RUBY === undefined)(needing(RUBY, 'ruby', 'Ruby'), () => {
  test('prints the same as under native WebAssembly', async () => {
    const ours = await sandglass(['run', RUBY!, ...ARGS]);
    expect(ours).toMatchObject({ status: 0, stdout: '[1, 4, 9, 16, 25, 36, 49, 64, 81, 100]\n' });
    expect(ours.stdout).toBe((await native(RUBY!, ARGS)).stdout);
  });
});
