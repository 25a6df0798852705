/**
 * A thread with a stack as large as Python needs, for tests of the guest: CPython with the bootstrap under the engine's own
 * WebAssembly (it boots in a fraction of the time, and the host code is the same), host functions, and a loop that answers
 * the guest as a worker would. Driven by `python-guest.ts`. Not a test.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { nativePythonEngine } from '../../dist/bench/native-python.js';
import { BOOTSTRAP_FILENAME, bootstrapSource } from '../../dist/python/bootstrap-source.js';
import { Guest } from '../../dist/python/guest.js';
import { Interpreter } from '../../dist/python/interpreter.js';
import { parseChannelLine } from '../../dist/python/protocol.js';
import { findPythonFiles } from '../../dist/python/pyodide-files.js';
import { standardLibrary } from '../../dist/python/standard-library.js';
import { Runtime } from '../../dist/src/index.js';
import { pythonEngine } from '../../dist/src/python-engine.js';

const SIGINT = 2;
const TOO_LONG = 10_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** What the host offers, under whichever name a test gives it. `never` gets no answer. */
const FUNCTIONS = {
  echo: (named) => named,
  add: ({ a, b }) => a + b,
  fail: ({ message }) => {
    throw new Error(message ?? 'the host says no');
  },
};

let stdout;
let stderr;
let messages;
let asked;
let implementations = {};
/** How long the guest wants to block on the channel. */
let wait;
/** When a soft interrupt is due, by `performance.now()`. */
let interruptAt = Number.POSITIVE_INFINITY;

function reset() {
  stdout = stderr = '';
  messages = [];
  asked = [];
  wait = undefined;
}
reset();

const isDue = () => performance.now() >= interruptAt;

function takeInterrupt() {
  const due = isDue();
  if (due) interruptAt = Number.POSITIVE_INFINITY;
  return due ? SIGINT : 0;
}

function pause(milliseconds) {
  const time = Math.min(milliseconds, Math.max(interruptAt - performance.now(), 0) + 1);
  if (time > TOO_LONG) throw new Error('it would wait too long');
  Atomics.wait(nobodyWakes, 0, 0, time);
}

function receive(bytes) {
  const message = parseChannelLine(decoder.decode(bytes));
  messages.push(message);
  if (message.t === 'call') asked.push(message);
  if (message.t === 'wait') wait = message.timeoutMs;
}

/** For a guest that blocks on the channel. */
function next() {
  if (wait === undefined) return undefined;
  const answers = takeAnswers();
  if (answers.length === 0) {
    pause(wait ?? Number.POSITIVE_INFINITY);
    if (isDue()) return undefined;
  }
  wait = undefined;
  return encoder.encode(`${JSON.stringify({ answers })}\n`);
}

function takeAnswers() {
  const calls = asked.filter(({ name }) => implementations[name] !== 'never');
  asked = asked.filter((call) => !calls.includes(call));
  return calls.map(({ id, name, json }) => {
    try {
      const value = FUNCTIONS[implementations[name]](JSON.parse(json));
      return { id, ok: true, json: JSON.stringify(value ?? null) };
    } catch (error) {
      return { id, ok: false, message: error.message };
    }
  });
}

const files = findPythonFiles(workerData.folder);

/** `GUEST_ENGINE=sandglass npx vitest run python/guest`: the same tests on generated code. */
function makeEngine() {
  if (process.env.GUEST_ENGINE !== 'sandglass') return nativePythonEngine(files.wasm);
  const runtime = new Runtime({});
  return pythonEngine(runtime, runtime.compileSync(files.wasm, { copy: false }));
}

const interpreter = Interpreter.boot(makeEngine(), {
  library: standardLibrary(files.library),
  stdout: (bytes) => {
    stdout += decoder.decode(bytes);
  },
  stderr: (bytes) => {
    stderr += decoder.decode(bytes);
  },
  channel: { receive, next },
  signals: { take: takeInterrupt, pending: () => (isDue() ? SIGINT : 0) },
  pause,
  memoryLimit: () => workerData.memoryLimit,
});
const call = interpreter.load(bootstrapSource(), BOOTSTRAP_FILENAME, 'call');
const guest = new Guest({ call: (request) => interpreter.call(call, request) });

function resume(timeoutMs) {
  const answers = takeAnswers();
  if (answers.length === 0) pause(timeoutMs ?? Number.POSITIVE_INFINITY);
  return guest.resume(answers, takeInterrupt() !== 0);
}

function run(request, functions, interruptAfter) {
  reset();
  implementations = functions;
  interruptAt = performance.now() + interruptAfter;
  let outcome = guest.execute(request);
  let rests = 0;
  for (; outcome.status === 'wait'; rests++) outcome = resume(outcome.timeoutMs);
  interruptAt = Number.POSITIVE_INFINITY;
  return { outcome, stdout, stderr, messages, rests };
}

parentPort.on('message', ({ method, parameters }) => {
  try {
    const value = method === 'run' ? run(...parameters) : guest[method](...parameters);
    parentPort.postMessage({ value });
  } catch (error) {
    parentPort.postMessage({ error: { name: error.name, message: error.message } });
  }
});
