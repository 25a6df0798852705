/**
 * A precompiled module under Chromium's debugger, by the protocol that its DevTools speak: they read the source map, look up where a
 * line of the C file is in the script, and set a breakpoint there.
 */
import { readFileSync } from 'node:fs';
import { eachMapping, originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { CDPSession } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { type PrecompileOptions, precompile } from '../src/precompile.ts';
import { BROWSER, IN_CHROMIUM, type ServedFile, withBrowser } from './support/browser.ts';

const MODULE = new URL('./fixtures/debug/divide-dwarf5-O0.wasm', import.meta.url);
const SOURCE = readFileSync(new URL('./fixtures/debug/divide.c', import.meta.url), 'utf8');
const C_FILE = 'file:///project/divide.c';
/** Line, from 1, of such text in `divide.c`. */
const lineOf = (text: string) => SOURCE.split('\n').findIndex((each) => each.includes(text)) + 1;
const [DIVISION, RESULT, CALL] = [lineOf('a / b'), lineOf('quotient +'), lineOf('divide(12')];

const PAGE = `<!doctype html><script type="module">
import { instantiate } from '/app.mjs';
const { exports } = await instantiate();
globalThis.sum = exports.sum;
globalThis.trap = () => { try { exports._start(); } catch (error) { return error.stack; } };
</script>`;

async function files(options: PrecompileOptions): Promise<Record<string, ServedFile>> {
  const readSource = (file: string) => (file === '/project/divide.c' ? SOURCE : undefined);
  const [code, map] = await precompile(readFileSync(MODULE), {
    ...{ name: 'app.mjs', standalone: true, sourceMap: true, readSource },
    ...options,
  });
  return {
    '/': { type: 'text/html', contents: PAGE },
    '/app.mjs': { type: 'text/javascript', contents: code!.contents },
    '/app.mjs.map': { type: 'application/json', contents: map!.contents },
  };
}

/** Of the protocol, what is used here. */
interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL: string;
}
interface Paused {
  readonly hitBreakpoints: readonly string[];
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: {
      readonly scriptId: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
}

const next = <Event>(
  session: CDPSession,
  name: 'Debugger.scriptParsed' | 'Debugger.paused',
  wanted = (_: Event) => true,
) =>
  new Promise<Event>((resolve) => {
    const listen = (event: unknown) => {
      if (!wanted(event as Event)) return;
      session.off(name, listen);
      resolve(event as Event);
    };
    session.on(name, listen);
  });

describe.each([
  ['as it is', {}],
  ['minified', { minify: true }],
  ['minified, without the meter', { minify: true, metering: false }],
] as const)('%s', (_, options) => {
  test.skipIf(BROWSER === undefined)(
    `a breakpoint in the C file stops ${IN_CHROMIUM}`,
    { timeout: 120_000 },
    async () => {
      await withBrowser(await files(options), {}, async (browser, url) => {
        const page = await browser.newPage();
        const session = await page.context().newCDPSession(page);
        const parsed = next<Script>(
          session,
          'Debugger.scriptParsed',
          (script) => script.url === `${url}app.mjs`,
        );
        await session.send('Debugger.enable');
        await page.goto(url);
        const script = await parsed;
        await page.waitForFunction('globalThis.sum !== undefined');

        // What the front end does.
        expect(script.sourceMapURL).toBe('app.mjs.map');
        const response = await fetch(new URL(script.sourceMapURL, script.url));
        const map = new TraceMap(await response.text());
        expect(map.sources).toEqual([C_FILE]);
        expect(map.sourcesContent).toEqual([SOURCE]);
        const places: { lineNumber: number; columnNumber: number }[] = [];
        eachMapping(map, (mapping) => {
          if (mapping.source !== C_FILE || mapping.originalLine !== DIVISION) return;
          places.push({ lineNumber: mapping.generatedLine - 1, columnNumber: mapping.generatedColumn });
        });
        const told = ({ callFrames }: Paused) =>
          callFrames
            .filter(({ location }) => location.scriptId === script.scriptId)
            .flatMap(({ location: { lineNumber, columnNumber } }) => {
              const { source, line } = originalPositionFor(map, {
                line: lineNumber + 1,
                column: columnNumber,
              });
              return source === null ? [] : [`${source}:${line}`];
            });
        const ids = new Set<string>();
        for (const place of places) {
          const { breakpointId } = await session.send('Debugger.setBreakpointByUrl', {
            url: script.url,
            ...place,
          });
          ids.add(breakpointId);
        }

        let paused = next<Paused>(session, 'Debugger.paused');
        const result = page.evaluate('globalThis.sum(1)');
        const stop = await paused;
        expect(stop.hitBreakpoints.length).toBeGreaterThan(0);
        expect(stop.hitBreakpoints.every((id) => ids.has(id))).toBe(true);
        expect(told(stop)).toEqual([`${C_FILE}:${DIVISION}`, `${C_FILE}:${CALL}`]);
        expect(stop.callFrames[0]!.functionName).toMatch(/^f1(?:_divide)?$/);
        // Steps lead on to the next line of C.
        let at = stop;
        for (let steps = 0; steps < 20 && told(at)[0] === `${C_FILE}:${DIVISION}`; steps++) {
          paused = next<Paused>(session, 'Debugger.paused');
          await session.send('Debugger.stepOver');
          at = await paused;
        }
        expect(told(at)).toEqual([`${C_FILE}:${RESULT}`, `${C_FILE}:${CALL}`]);
        await session.send('Debugger.disable');
        expect(await result).toBe(15);

        expect(await page.evaluate('globalThis.trap()')).toContain(
          `\n    at divide (func 1, offset 0x161, /project/divide.c:${DIVISION}:20)\n`,
        );
      });
    },
  );
});
