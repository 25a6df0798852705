/**
 * A debugger in a worker, attached to the main thread by the inspector protocol; it works as DevTools do: it stops before each script
 * that has a source map, looks up there where the wanted source lines are in the script, and sets breakpoints. At
 * each it notes the stack, told in source lines, steps over once, and goes on. Not a test.
 */
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { eachMapping, originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

const { wanted } = workerData;
const session = new Session();
const maps = new Map();
const pauses = [];
let steps = 0;

const send = (method, params) =>
  new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)));
  });

session.on('Debugger.scriptParsed', ({ params: { scriptId, url, sourceMapURL } }) => {
  if (!sourceMapURL) return;
  const json = sourceMapURL.startsWith('data:')
    ? Buffer.from(sourceMapURL.split('base64,')[1], 'base64').toString()
    : readFileSync(new URL(sourceMapURL, url), 'utf8');
  maps.set(scriptId, { url, map: new TraceMap(json) });
});

async function setBreakpoints(scriptId) {
  const { url, map } = maps.get(scriptId);
  for (const { source, line } of wanted) {
    const places = [];
    eachMapping(map, (mapping) => {
      if (mapping.source?.endsWith(source) && mapping.originalLine === line) places.push(mapping);
    });
    if (places.length === 0) continue;
    const { generatedLine, generatedColumn: columnNumber } = places[0];
    await send('Debugger.setBreakpointByUrl', { url, lineNumber: generatedLine - 1, columnNumber });
  }
}

/** `divide /project/divide.c:12`, for frames in scripts that have a map, and a place in it. */
function told({ functionName, location: { scriptId, lineNumber, columnNumber } }) {
  const script = maps.get(scriptId);
  if (script === undefined) return [];
  const { source, line } = originalPositionFor(script.map, { line: lineNumber + 1, column: columnNumber });
  return source === null ? [] : [`${functionName} ${source}:${line}`];
}

session.on('Debugger.paused', async ({ params: { reason, callFrames, hitBreakpoints } }) => {
  const { scriptId } = callFrames[0].location;
  if (reason === 'instrumentation' || (hitBreakpoints?.[0] ?? '').includes('instrumentation')) {
    if (maps.has(scriptId)) await setBreakpoints(scriptId);
    await send('Debugger.resume');
    return;
  }
  const how = hitBreakpoints?.length > 0 ? 'breakpoint' : 'step';
  const frames = callFrames.flatMap(told);
  // A step leads out of the line: its other statements are not shown.
  const stays = how === 'step' && frames[0] === pauses.at(-1).frames[0];
  if (!stays) pauses.push({ how, frames });
  if (stays || (how === 'breakpoint' && steps++ === 0)) await send('Debugger.stepOver');
  else await send('Debugger.resume');
});

// Also what keeps this thread alive.
parentPort.on('message', () => {
  parentPort.postMessage(pauses);
  parentPort.close();
});
session.connectToMainThread();
await send('Debugger.enable');
await send('Debugger.setInstrumentationBreakpoint', {
  instrumentation: 'beforeScriptWithSourceMapExecution',
});
parentPort.postMessage('ready');
