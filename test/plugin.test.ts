/**
 * The build plug-in: a module precompiled and bundled by Vite and by esbuild runs in Chromium, in a page whose policy allows
 * neither `eval` nor WebAssembly.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eachMapping, TraceMap } from '@jridgewell/trace-mapping';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './cli-process.ts';
import { BROWSER, IN_CHROMIUM, withBrowser } from './support/browser.ts';

const { default: sandglass } = (await import(
  join(ROOT, 'dist/src/plugin.js')
)) as typeof import('../src/plugin.ts');

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";
const PAGE = '<!doctype html><title>waiting</title><script type="module" src="/main.js"></script>';
const MAIN = `
import { instantiate } from './sha256.wasm?sandglass';
const refused = (attempt) => { try { attempt(); return false; } catch { return true; } };
const { exports, runtime } = await instantiate({}, { fuel: 10_000_000_000n });
const poor = await instantiate({}, { fuel: 1000n });
let ended;
try { poor.exports.run(4); } catch (error) { ended = error.name; }
document.title = JSON.stringify({
  result: exports.run(4), fuel: String(runtime.fuel.consumed), ended,
  noEval: refused(() => new Function('return 1')()),
  noWasm: refused(() => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
});`;

const folder = mkdtempSync(join(tmpdir(), 'sandglass-plugin-'));
const file = (...path: string[]) => join(folder, ...path);

beforeAll(() => {
  writeFileSync(file('sha256.wasm'), readFileSync(join(ROOT, 'bench/programs/sha256.wasm')));
  writeFileSync(file('main.js'), MAIN);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function byEsbuild(outfile: string, entry = 'main.js', sourceMap = false): Promise<void> {
  await esbuild({
    entryPoints: [file(entry)],
    sourcemap: sourceMap,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    outfile,
    logLevel: 'silent',
    plugins: [sandglass.esbuild({ sourceMap })],
  });
}

async function byVite(outfile: string, entry = 'main.js', sourceMap = false): Promise<void> {
  await vite({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    plugins: [sandglass.vite({ sourceMap })],
    build: {
      target: 'es2022',
      outDir: join(outfile, '..'),
      sourcemap: sourceMap,
      lib: { entry: file(entry), formats: ['es'], fileName: () => 'main.js' },
    },
  });
}

describe.each([
  ['esbuild', byEsbuild],
  ['Vite', byVite],
] as const)('bundled by %s', (name, bundle) => {
  const out = file(name);

  beforeAll(() => bundle(join(out, 'main.js')), 120_000);

  test('everything is in one file, without code from text', () => {
    expect(readdirSync(out)).toEqual(['main.js']);
    const text = readFileSync(join(out, 'main.js'), 'utf8');
    expect(text.replace("new Function('return 1')", '').match(/\beval\s*\(/)).toBeNull();
  });

  test.skipIf(BROWSER === undefined)(`runs ${IN_CHROMIUM}`, { timeout: 120_000 }, async () => {
    const contents = readFileSync(join(out, 'main.js'));
    const files = {
      '/': { type: 'text/html', contents: PAGE },
      '/main.js': { type: 'text/javascript', contents },
    };
    await withBrowser(files, { 'Content-Security-Policy': POLICY }, async (browser, url) => {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(url);
      // By the title: the page's policy keeps a test from running text in it, too.
      await expect
        .poll(async () => complaints.join('; ') || (await page.title()), { timeout: 60_000 })
        .not.toBe('waiting');
      expect(complaints).toEqual([]);
      const answer = JSON.parse(await page.title()) as Record<string, unknown>;
      expect(answer).toEqual({
        result: 973112977,
        fuel: expect.stringMatching(/^\d{6,}$/),
        ended: 'OutOfFuelError',
        noEval: true,
        noWasm: true,
      });
    });
  });

  test('with source maps, the map of the bundle leads to the C file', async () => {
    writeFileSync(file('divide.wasm'), readFileSync(join(ROOT, 'test/fixtures/debug/divide-dwarf5-O0.wasm')));
    writeFileSync(file('debug.js'), "export { instantiate } from './divide.wasm?sandglass';");
    const folder = file(`${name}-debug`);
    await bundle(join(folder, 'main.js'), 'debug.js', true);
    const lines = readFileSync(join(folder, 'main.js'), 'utf8').split('\n');
    const map = new TraceMap(readFileSync(join(folder, 'main.js.map'), 'utf8'));
    const source = readFileSync(join(ROOT, 'test/fixtures/debug/divide.c'), 'utf8').split('\n');
    const line = source.findIndex((each) => each.includes('a / b')) + 1;
    const places = new Set<string>();
    eachMapping(map, ({ source, originalLine, generatedLine, generatedColumn }) => {
      if (source?.endsWith('project/divide.c') !== true || originalLine !== line) return;
      const text = lines[generatedLine - 1]!.slice(generatedColumn);
      // A division, by whatever name: of the code that counts, and of the code that looks at a limit.
      if (/^(?:[\w$]+ ?= ?)?[\w$]+\([\w$]+, ?[\w$]+\)/.test(text))
        places.add(`${generatedLine}:${generatedColumn}`);
    });
    expect(places.size).toBeGreaterThanOrEqual(2);
  });
});
