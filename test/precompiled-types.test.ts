/**
 * The declarations beside precompiled files, as the TypeScript compiler sees them: those of a standalone file need no package, and
 * say of its classes what the library's own say.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { STANDALONE_EXPORTS } from '../src/bundle.ts';
import { precompile } from '../src/precompile.ts';
import { execute, ROOT } from './cli-process.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sample(): Uint8Array {
  const m = new ModuleBuilder();
  m.memory(1, undefined, 'memory');
  m.func('i32 i64 -> i64', [['local.get', 1]], { export: 'second' });
  return m.build();
}

/** What the compiler complains of; `packages`: whether it finds Sandglass. */
async function complaints(source: string, packages: boolean): Promise<string> {
  const paths = { 'sandglass/runtime': [join(ROOT, 'dist/src/runtime.d.ts')] };
  const compilerOptions = {
    ...{ target: 'esnext', module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ types: [], lib: ['esnext', 'dom'], allowImportingTsExtensions: true },
    ...(packages && { paths }),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.mts'] }));
  writeFileSync(join(folder, 'use.mts'), source);
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr } = await execute(process.execPath, [tsc, '-p', folder], { cwd: folder });
  return (stdout + stderr).replaceAll(folder, '');
}

async function written(name: string, standalone: boolean): Promise<void> {
  for (const file of await precompile(sample(), { name, standalone, types: true }))
    writeFileSync(join(folder, file.name), file.contents);
}

const USE = `
const { exports, runtime } = await instantiate({ env: {} }, { fuel: 5n, limits: { callDepth: 5 } });
const second: bigint = exports.second(1, 2n);
const pages: number = exports.memory.pages;
const consumed: bigint = runtime.fuel.consumed;
const kinds: string[] = description.exports.map(({ kind }) => kind);
await module.load();
export { second, pages, consumed, kinds };
`;

test.each([
  ['app.mjs', false],
  ['alone.mjs', true],
])('%s: exports by name and type', { timeout: 60_000 }, async (name, standalone) => {
  await written(name, standalone);
  const use = `import { description, instantiate, module } from './${name}';${USE}`;
  expect(await complaints(use, !standalone)).toBe('');
  expect(await complaints(`${use}exports.second('1', 2n);`, !standalone)).toMatch(/TS2345/);
  expect(await complaints(`${use}await instantiate({}, { fule: 1n });`, !standalone)).toMatch(/TS2353/);
});

/**
 * What of these is false tells what `src/standalone-types.ts` has to say as well. The two are declared apart, so a class of one is never a class of the other for `runtime` and the like. */
const COMPARED = `
import type * as real from 'sandglass/runtime';
import type * as alone from './alone.mjs';
type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Options = 'fuel' | 'fuelChecks' | 'onOutOfFuel' | 'limits' | 'metering' | 'registerCells';
export const sameOptions: Same<real.RuntimeOptions, alone.RuntimeOptions> = true;
export const sameNames: Same<keyof real.RuntimeOptions, keyof alone.RuntimeOptions> = true;
export const allOptions: Same<Options, keyof real.RuntimeOptions> = true;
export const sameLimits: Same<real.Limits, alone.Limits> = true;
export const sameLimitNames: Same<keyof real.Limits, keyof alone.Limits> = true;
export const sameControl: Same<real.InvokeOptions, alone.InvokeOptions> = true;
export const sameImports: Same<real.Imports, alone.Imports> = true;
export const sameCodes: Same<real.TrapCode, alone.TrapCode> = true;
export const sameFrames: Same<real.WasmFrame, alone.WasmFrame> = true;
export const sameHostState: Same<real.HostState, alone.HostState> = true;
export const runtimeNames: Same<keyof real.Runtime, keyof alone.Runtime> = true;
export const instanceNames: Same<keyof real.Instance, keyof alone.Instance> = true;
export const names: Same<keyof real.InstantiateOptions, keyof alone.InstantiateOptions> = true;
`;

test('a standalone file says what the library says', { timeout: 60_000 }, async () => {
  await written('alone.mjs', true);
  // What the library makes is what the standalone file promises of its classes.
  const classes = STANDALONE_EXPORTS.filter((name) => !['formatWasmStack', 'HOST_STATE'].includes(name));
  const promises = classes.map((name) => {
    const own =
      name === 'Instance' || name === 'Runtime' ? `Pick<real.${name}, keyof alone.${name}>` : `real.${name}`;
    return `export const of${name} = (given: ${own}): Omit<alone.${name}, 'runtime'> => given;`;
  });
  const values = [...STANDALONE_EXPORTS, 'module', 'description', 'instantiate'];
  const used = `import { ${values.join(', ')} } from './alone.mjs'; export { ${values.join(', ')} };`;
  expect(await complaints(`${COMPARED}${promises.join('\n')}\n${used}`, true)).toBe('');
});
