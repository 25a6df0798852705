/** docs/ABI.md shows generated code: all of it, and as it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { precompile } from '../src/precompile.ts';
import { ROOT } from './cli-process.ts';
import { abiExample } from './support/abi-example.ts';

test('the code in docs/ABI.md is what is written', async () => {
  const document = readFileSync(join(ROOT, 'docs/ABI.md'), 'utf8');
  const shown = [...document.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code).join('');
  const [main] = await precompile(abiExample(), { fuel: 'count', target: 'v8-12+' });
  expect(shown).toBe(main!.contents);
});

test('the example does what the page says', () => {
  const logged: number[] = [];
  const runtime = new Runtime();
  const { exports } = runtime.instantiateSync(abiExample(), { env: { log: (n: number) => logged.push(n) } });
  expect(exports.report(0, 3)).toBe(0n);
  expect(logged).toEqual([0]);
  // Three rounds of 14, `loop`, the three behind it; three, two and three of `report`.
  expect(runtime.fuel.consumed).toBe(BigInt(3 * 14 + 1 + 3 + 3 + 2 + 3));
});
