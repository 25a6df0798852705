/**
 * `npm run bench:jitless [-- name]`: the C programs where there is no WebAssembly and no compiler in the engine, precompiled by
 * Sandglass (`--target jitless`), under polywasm and as wasm2js's output, each in a process of its own under `node --jitless`; and how large the
 * files are. Processor time, so that a busy machine disturbs less.
 *
 * Not in the suite (run.ts): its rows compare with native WebAssembly, which is not there.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { precompile } from '../src/precompile.ts';
import { translationOf, wasm2js } from './engines/wasm2js.ts';
import { PROGRAMS } from './home.ts';
import type { JitlessEngine } from './jitless-child.ts';
import { KERNELS } from './kernels.ts';
import { jitlessOutput } from './processes.ts';

const RUNTIME = new URL('../src/runtime.js', import.meta.url).href;
const ENGINES: readonly JitlessEngine[] = ['unmetered', 'metered', 'polywasm', 'wasm2js'];
/** A kernel's `n` where code is interpreted; the work of some grows faster than it. */
function smaller(name: string, n: number): number {
  if (name.startsWith('fib')) return n - 12;
  const share = name.includes('matmul') || name === 'mandelbrot' ? 6 : 40;
  return Math.max(1, Math.round(n / share));
}

const folder = mkdtempSync(join(tmpdir(), 'sandglass-jitless-'));
const sizes = { unmetered: [0, 0], metered: [0, 0], wasm2js: [0, 0] };

/** What the child loads: a file of ours, wasm2js's, or the wasm. */
async function prepared(engine: JitlessEngine, program: string): Promise<string> {
  const wasm = join(PROGRAMS, `${program}.wasm`);
  if (engine === 'polywasm') return wasm;
  if (engine === 'wasm2js') {
    await wasm2js.prepare!(wasm);
    return pathToFileURL(translationOf(wasm)).href;
  }
  const options = {
    name: `${program}.${engine}.mjs`,
    runtime: RUNTIME,
    metering: engine === 'metered',
    target: 'jitless' as const,
  };
  const [file] = await precompile(readFileSync(wasm), { ...options, fuel: 'count', inline: true });
  writeFileSync(join(folder, file!.name), file!.contents);
  const [small] = await precompile(readFileSync(wasm), {
    ...options,
    fuel: 'count',
    inline: true,
    minify: true,
  });
  addSize(engine, small!.contents as string);
  return pathToFileURL(join(folder, file!.name)).href;
}

function addSize(engine: keyof typeof sizes, text: string): void {
  sizes[engine][0]! += Buffer.byteLength(text);
  sizes[engine][1]! += brotliCompressSync(text).length;
}

/** Result and milliseconds; undefined: it fails. */
async function measured(engine: JitlessEngine, program: string, n: number) {
  try {
    const file = await prepared(engine, program);
    if (engine === 'wasm2js') addSize(engine, readFileSync(new URL(file), 'utf8'));
    const [result, ms] = (await jitlessOutput(JSON.stringify({ engine, file, n }))).split(' ');
    return { result: result!, ms: Number(ms) };
  } catch {
    return undefined;
  }
}

/** Logarithms of how many times as long a peer takes, by what of ours it is compared with. */
const logs = new Map<string, number[]>();

function compare(peer: string, theirs: number | undefined, ours: string, own: number | undefined): void {
  if (!theirs || !own) return;
  const key = `${peer}'s time to ours, ${ours}`;
  logs.set(key, [...(logs.get(key) ?? []), Math.log(theirs / own)]);
}

console.log(['program', 'n', ...ENGINES].join(' | '));
for (const { name, n: full } of KERNELS) {
  if (!name.includes(process.argv[2] ?? '')) continue;
  if (name.startsWith('simd') && !name.endsWith('-scalar')) continue;
  const n = smaller(name, full);
  const row: string[] = [];
  const times: Partial<Record<JitlessEngine, number>> = {};
  const right = await measured('unmetered', name, n);
  for (const engine of ENGINES) {
    const cell = engine === 'unmetered' ? right : await measured(engine, name, n);
    const isRight = cell !== undefined && cell.result === right?.result;
    if (isRight) times[engine] = cell.ms;
    row.push(cell === undefined ? 'fails' : `${cell.ms.toFixed(1)}${isRight ? '' : ' (another result)'}`);
  }
  for (const peer of ['polywasm', 'wasm2js'] as const)
    for (const ours of ['unmetered', 'metered'] as const) compare(peer, times[peer], ours, times[ours]);
  console.log([name, n, ...row].join(' | '));
}
for (const [what, values] of logs) {
  const mean = Math.exp(values.reduce((sum, value) => sum + value, 0) / values.length);
  console.log(`${what}, geometric mean of ${values.length}: ${mean.toFixed(2)}`);
}
for (const [engine, [raw, brotli]] of Object.entries(sizes))
  console.log(`size of all, ${engine}: ${raw} bytes, brotli ${brotli}`);
rmSync(folder, { recursive: true });
