/**
 * A worker without an interpreter, for tests of what is around one. A program is a list of steps in JSON:
 * `[["print", "hi"], ["call", "f", {"a": 1}]]`. It speaks as python/messages.ts says.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

const { words, image, recipe } = workerData;
const interruptWord = new Int32Array(new SharedArrayBuffer(4));
const [WAKE, STOP] = [0, 1];
const counts = { boots: image === undefined ? 1 : 0, generated: 0, unsaved: 0, restores: 0 };
const interpreters = new Map();
const post = (message) => parentPort.postMessage(message);
const utf8 = (text) => new TextEncoder().encode(text);
const shared = (text) => {
  const bytes = new Uint8Array(new SharedArrayBuffer(text.length));
  bytes.set(utf8(text));
  return bytes;
};
const answers = new Map();
let nextCall = 1;

class Ended extends Error {
  constructor(status, more = {}) {
    super(status);
    this.outcome = { status, ...more };
  }
}

function look(state) {
  if (Atomics.load(interruptWord, 0) !== 0)
    throw new Ended('stopped', { recovery: state.session && 'image' });
  if (Atomics.load(words, STOP) === state.run)
    throw new Ended('stopped', { recovery: state.session && 'kept' });
  if (performance.now() > state.deadline) throw new Ended('timeout', { recovery: state.session && 'kept' });
}

const STEPS = {
  print: (state, text) => post({ type: 'output', run: state.run, chunks: [[1, utf8(text)]] }),
  error: (state, text) => post({ type: 'output', run: state.run, chunks: [[2, utf8(text)]] }),
  bytes: (state, ...bytes) => post({ type: 'output', run: state.run, chunks: [[1, Uint8Array.from(bytes)]] }),
  trace: (state, event) => post({ type: 'trace', run: state.run, events: [event] }),
  set: (state, name, value) => {
    state.variables[name] = value;
  },
  get: (state, name) => STEPS.print(state, JSON.stringify(state.variables[name] ?? null)),
  raise: (_, type, message) => {
    throw new Ended('raised', { exception: { type, message, traceback: `Traceback\n${type}: ${message}` } });
  },
  result: (state, json) => {
    state.resultJson = json;
  },
  calls: async (state, ...calls) => {
    const ids = calls.map(() => nextCall++);
    post({
      type: 'calls',
      run: state.run,
      calls: calls.map(([name, args], i) => ({ id: ids[i], name, json: JSON.stringify(args) })),
    });
    for (const id of ids) {
      while (!answers.has(id)) await rest(state);
      STEPS.print(state, JSON.stringify(answers.get(id)));
    }
  },
  sleep: async (state, ms) => {
    const until = performance.now() + ms;
    while (performance.now() < until) await rest(state);
  },
  /** Blocks the thread, and still sees answers and stops. */
  block: (state, ms) => {
    const until = performance.now() + ms;
    while (performance.now() < until) {
      Atomics.wait(words, WAKE, Atomics.load(words, WAKE), 5);
      const received = receiveMessageOnPort(parentPort);
      if (received !== undefined) receive(received.message);
      look(state);
    }
  },
  /** Obeys the interrupt word only. */
  stubborn: (state) => {
    while (Atomics.load(interruptWord, 0) === 0);
    look(state);
  },
  dead: () => {
    for (;;);
  },
  exit: (_, code) => process.exit(code),
  fail: () => {
    throw new RangeError('a bug');
  },
};

async function rest(state) {
  await new Promise((resolve) => setTimeout(resolve, 2));
  look(state);
}

async function run({ run: number, interpreter, request }) {
  Atomics.store(interruptWord, 0, 0);
  const session = interpreter !== 0;
  if (!session) counts.restores++;
  const started = performance.now();
  const state = {
    run: number,
    session,
    variables: session ? interpreters.get(interpreter).variables : {},
    deadline: started + (request.limits.timeoutMs ?? Infinity),
    resultJson: undefined,
  };
  let status;
  try {
    for (const [name, ...args] of JSON.parse(request.code)) await STEPS[name](state, ...args);
    status = { status: 'ok', resultJson: state.resultJson, resultError: undefined };
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    status = error.outcome;
  }
  const outcome = {
    recovery: undefined,
    ...status,
    durationMs: performance.now() - started,
    peakMemoryBytes: 65536,
    fuelConsumed: BigInt(request.code.length),
    truncated: false,
  };
  post({ type: 'done', run: number, outcome, counts });
}

const QUESTIONS = {
  open: ({ interpreter }) => void interpreters.set(interpreter, { variables: {} }),
  close: ({ interpreter }) => void interpreters.delete(interpreter),
  reset: ({ interpreter }) => void interpreters.set(interpreter, { variables: {} }),
  clear: ({ interpreter }) => void interpreters.set(interpreter, { variables: {} }),
  snapshot: ({ interpreter }) => shared(JSON.stringify(interpreters.get(interpreter).variables)),
  restore: ({ interpreter, bytes }) =>
    void interpreters.set(interpreter, { variables: JSON.parse(new TextDecoder().decode(bytes.slice())) }),
  image: () => makeImage(),
  count: () => interpreters.size,
};

function makeImage() {
  const meta = { key: 'fake', python: '3.14', build: 'b', interpreter: null, functions: 1 };
  return { code: shared('code'), snapshot: shared('snapshot'), meta };
}

function ask({ id, question }) {
  const reply = (ok, value, message) =>
    post({ type: 'reply', id, ok, value, message, timedOut: false, counts });
  try {
    reply(true, QUESTIONS[question.op](question), '');
  } catch (error) {
    reply(false, undefined, error.message);
  }
}

function receive(message) {
  if (message.type === 'run') void run(message);
  else if (message.type === 'ask') ask(message);
  else if (message.type === 'answers') for (const answer of message.answers) answers.set(answer.id, answer);
}

if (recipe.imports.includes('nothing_like_it')) {
  post({ type: 'failed', message: "No module named 'nothing_like_it'" });
} else {
  parentPort.on('message', receive);
  setTimeout(() => {
    post({ type: 'ready', interruptWord, image: image ?? makeImage(), counts, warnings: [] });
  }, 10);
}
