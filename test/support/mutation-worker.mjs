/**
 * Runs damaged modules, natively and on the built Sandglass, in a thread that may be killed: see test/mutation.test.ts.
 * Plain JavaScript on `dist/`, because a worker does not go through vitest's transformation.
 *
 * Sandglass runs first, under fuel; what it could not finish, native WebAssembly is not asked to. Every import is a
 * stub: functions give zeros, memories, tables and globals are as small as the module allows.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as sandglass from '../../dist/src/index.js';

const FUEL = 300_000n;
const MOST_CALLS = 8;
const { progress } = workerData;

const zero = (type) => (type === 'i64' ? 0n : typeof type === 'string' ? 0 : null);

/** One stub per import, of the engine's own classes. */
function stubs(engine, info) {
  const imports = Object.create(null);
  for (const { module, name, type } of info.imports) {
    imports[module] ??= Object.create(null);
    imports[module][name] = stub(engine, info, type);
  }
  return imports;
}

function stub(engine, info, type) {
  if (type.kind === 'func') {
    const { results } = info.types[type.typeIndex].composite.func;
    const values = results.map(zero);
    return () => (values.length > 1 ? values : values[0]);
  }
  if (type.kind === 'memory') return new engine.Memory(size(type.memory));
  if (type.kind === 'table')
    return new engine.Table({ element: type.table.element.text, ...size(type.table) });
  if (type.kind === 'tag') {
    const { params } = info.types[type.typeIndex].composite.func;
    return new engine.Tag({ parameters: params.map((param) => param.text ?? param) });
  }
  const { type: value, mutable } = type.global;
  return new engine.Global({ value: value.text ?? value, mutable }, zero(value));
}
function size({ min, max, address, shared = false }) {
  const of = (value) => (address === 'i64' ? BigInt(value) : value);
  const limits = max === undefined ? { initial: of(min) } : { initial: of(min), maximum: of(max) };
  return { ...limits, shared, ...(address === 'i64' && { address }) };
}

/** Why something failed, in data that crosses threads. */
function failure(error) {
  if (!(error instanceof Error)) return { name: 'thrown', message: String(error?.constructor?.name) };
  return { name: error.name, message: error.message, feature: error.feature };
}

function attempt(run) {
  try {
    return { value: run() };
  } catch (error) {
    return { error: failure(error) };
  }
}

function text(value) {
  if (Array.isArray(value)) return value.map(text).join(', ');
  if (typeof value === 'function') return 'function';
  return Object.is(value, -0) ? '-0' : typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Instantiates, calls exported functions with zeros, at most `most` steps; ends when out of fuel. */
function run(instantiate, parameters, most) {
  const steps = [];
  const step = (action) => {
    if (steps.length >= most) return undefined;
    const result = attempt(action);
    if (result.error?.name === 'OutOfFuelError') return undefined;
    steps.push(result.error === undefined ? { value: '' } : { error: result.error });
    return result;
  };
  const { value: instance } = step(instantiate) ?? {};
  if (instance === undefined) return { steps, memory: '' };
  const functions = Object.entries(instance.exports).filter(([, value]) => typeof value === 'function');
  for (const [name, call] of functions.slice(0, MOST_CALLS)) {
    const result = step(() => call(...(parameters.get(name) ?? []).map(zero)));
    // What a call did before its fuel ran out, or the stack ended, is not comparable.
    if (result === undefined || /call stack/.test(result.error?.message)) return { steps, memory: '' };
    if (result.error === undefined) steps.at(-1).value = text(result.value);
  }
  return { steps, memory: memoryDigest(instance.exports) };
}

function memoryDigest(exports) {
  for (const value of Object.values(exports)) {
    const buffer = typeof value === 'object' && value?.buffer;
    if (!(buffer instanceof ArrayBuffer)) continue;
    let hash = 0x811c9dc5;
    for (const word of new Int32Array(buffer)) hash = Math.imul(hash ^ word, 0x01000193);
    return `${buffer.byteLength}:${hash >>> 0}`;
  }
  return '';
}

function parametersOf(info) {
  const functions = info.exports.filter(({ kind }) => kind === 'func');
  return new Map(
    functions.map(({ name, index }) => [name, info.types[info.functions[index]].composite.func.params]),
  );
}

function check(bytes) {
  const native = attempt(() => new WebAssembly.Module(bytes));
  const runtime = new sandglass.Runtime({
    fuel: FUEL,
    registerCells: 1 << 16,
    limits: { memoryPages: 16384 },
  });
  const ours = attempt(() => runtime.compileSync(bytes));
  const report = { native: native.error, ours: ours.error, oursRun: undefined, nativeRun: undefined };
  if (ours.error !== undefined) return report;
  const { info } = ours.value;
  const parameters = parametersOf(info);
  const imports = attempt(() => stubs(sandglass, info));
  if (imports.error !== undefined) return report;
  report.oursRun = run(() => runtime.instantiateSync(ours.value, imports.value), parameters, Infinity);
  if (native.error !== undefined) return report;
  const nativeImports = attempt(() => stubs(WebAssembly, info));
  if (nativeImports.error !== undefined) return report;
  const instantiate = () => new WebAssembly.Instance(native.value, nativeImports.value);
  report.nativeRun = run(instantiate, parameters, report.oursRun.steps.length);
  return report;
}

parentPort.on('message', (cases) => {
  const reports = cases.map((bytes) => {
    Atomics.add(progress, 0, 1);
    return check(bytes);
  });
  parentPort.postMessage(reports);
});
