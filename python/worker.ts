/**
 * The worker thread's side: holds interpreters, runs programs in them one at a time, answers questions in between. It gets its
 * compiler from above (src/python-worker.ts).
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { TimeoutError } from '../runtime/errors.ts';
import type { Engine } from './emscripten/engine.ts';
import { GuestError } from './guest.ts';
import { type Common, InterpreterSlot } from './interpreter-slot.ts';
import {
  type HostMessage,
  type Image,
  type InterpreterConfig,
  type InterpreterId,
  type Question,
  type RunOutcome,
  TRANSIENT,
  type WorkerCounts,
  type WorkerData,
  type WorkerMessage,
} from './messages.ts';
import type { WorkerEngine } from './worker-engine.ts';
import { type OpenedImage, openImage, withCodeOf, writeImage } from './worker-image.ts';
import { Run, type RunEnd } from './worker-run.ts';

/** So many functions are worth writing the image for. */
const WORTH_WRITING = 20;

export function serve(engine: WorkerEngine, port: MessagePort, data: WorkerData): void {
  const post = (message: WorkerMessage) => port.postMessage(message);
  let opened: OpenedImage;
  try {
    opened = openImage(engine, data);
  } catch (error) {
    post({ type: 'failed', message: messageOf(error) });
    return;
  }
  const worker = new Worker(engine, port, data, opened);
  port.on('message', (message: HostMessage) => worker.receive(message));
  post({
    type: 'ready',
    interruptWord: engine.meter.interruptWord,
    image: opened.image,
    counts: worker.counts,
    warnings: opened.warnings,
  });
}

class Worker {
  readonly #engine: WorkerEngine;
  readonly #port: MessagePort;
  readonly #data: WorkerData;
  readonly #opened: OpenedImage;
  readonly #common: Common;
  /** For interpreters that live for one run. */
  readonly #transient: Engine;
  readonly #slots = new Map<InterpreterId, InterpreterSlot>();
  #image: Image;
  #run: Run | undefined;
  #runNumber = 0;
  #restores = 0;
  #savedFunctions: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(engine: WorkerEngine, port: MessagePort, data: WorkerData, opened: OpenedImage) {
    this.#engine = engine;
    this.#port = port;
    this.#data = data;
    this.#opened = opened;
    this.#image = opened.image;
    const { module, library, loaded: image } = opened;
    this.#common = {
      module,
      library,
      image,
      onRestore: () => {
        this.#restores++;
      },
    };
    this.#transient = module.reusingEngine(image.snapshot);
    this.#savedFunctions = module.generated;
  }

  get counts(): WorkerCounts {
    const { generated } = this.#opened.module;
    return {
      boots: this.#opened.built ? 1 : 0,
      generated,
      unsaved: generated - this.#savedFunctions,
      restores: this.#restores,
    };
  }

  receive(message: HostMessage): void {
    switch (message.type) {
      case 'run':
        this.#inTurn(() => this.#execute(message));
        break;
      case 'ask':
        this.#inTurn(() => this.#reply(message));
        break;
      case 'answers':
        if (message.run === this.#runNumber) this.#run?.answered(message.answers);
        break;
      case 'stop':
        if (message.run === this.#runNumber) this.#run?.news();
    }
  }

  /** What comes while a program waits, waits for its end. */
  #inTurn(task: () => void | Promise<void>): void {
    this.#turn = this.#turn.then(task);
  }

  /** Messages that have come while a program kept the thread. */
  #receiveAll(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: HostMessage } | undefined;
      if (received === undefined) return;
      this.receive(received.message);
    }
  }

  // ------------------------------------------------------------------ runs

  async #execute({
    run: number,
    interpreter,
    config,
    request,
  }: Extract<HostMessage, { type: 'run' }>): Promise<void> {
    const { meter } = this.#engine;
    Atomics.store(meter.interruptWord, 0, 0);
    const final = interpreter === TRANSIENT;
    const slot = this.#slotFor(interpreter, config);
    if (typeof slot === 'string') return this.#done(number, failure(slot));
    const run = new Run({
      number,
      request,
      final,
      words: this.#data.words,
      meter,
      post: (message) => this.#port.postMessage(message),
      receive: () => this.#receiveAll(),
      memoryBytes: () => slot.memoryBytes,
    });
    this.#run = run;
    this.#runNumber = number;
    slot.attach(run, request.limits.maxMemoryBytes);
    const end = await run.complete(slot.guest);
    slot.attach(undefined);
    this.#run = undefined;
    this.#runNumber = 0;
    const outcome = this.#outcome(slot, end, final);
    this.#done(number, outcome);
  }

  #done(run: number, outcome: RunOutcome): void {
    this.#port.postMessage({ type: 'done', run, outcome, counts: this.counts } satisfies WorkerMessage);
  }

  /** The interpreter for a run; a text: why there is none. */
  #slotFor(interpreter: InterpreterId, config: InterpreterConfig | undefined): InterpreterSlot | string {
    try {
      if (interpreter !== TRANSIENT) return this.#slot(interpreter);
      return new InterpreterSlot(this.#common, config!, this.#transient);
    } catch (error) {
      return messageOf(error);
    }
  }

  #outcome(slot: InterpreterSlot, { outcome, broken }: RunEnd, final: boolean): RunOutcome {
    if (final) slot.close();
    else if (broken) return { ...outcome, recovery: slot.recover() };
    return final ? { ...outcome, recovery: undefined } : outcome;
  }

  #slot(interpreter: InterpreterId): InterpreterSlot {
    const slot = this.#slots.get(interpreter);
    if (slot === undefined) throw new Error(`there is no interpreter ${interpreter}`);
    return slot;
  }

  // ------------------------------------------------------------------ questions

  #reply({ id, question, timeoutMs }: Extract<HostMessage, { type: 'ask' }>): void {
    const reply = {
      id,
      ok: true,
      value: undefined as unknown,
      message: '',
      timedOut: false,
      recovery: undefined,
    };
    const post = (more: Partial<Extract<WorkerMessage, { type: 'reply' }>>) =>
      this.#port.postMessage({
        type: 'reply',
        ...reply,
        ...more,
        counts: this.counts,
      } satisfies WorkerMessage);
    const { meter } = this.#engine;
    Atomics.store(meter.interruptWord, 0, 0);
    try {
      post({ value: meter.within(timeoutMs, () => this.#answer(question)) });
    } catch (error) {
      const slot = 'interpreter' in question ? this.#slots.get(question.interpreter) : undefined;
      const recovery = slot?.broken ? slot.recover() : undefined;
      post({ ok: false, message: messageOf(error), timedOut: error instanceof TimeoutError, recovery });
    }
  }

  #answer(question: Question): unknown {
    switch (question.op) {
      case 'open':
        this.#slots.set(question.interpreter, new InterpreterSlot(this.#common, question.config));
        return undefined;
      case 'close':
        this.#slots.get(question.interpreter)?.close();
        this.#slots.delete(question.interpreter);
        return undefined;
      case 'image':
        return this.#imageIfGrown(question.force);
      case 'counts':
        return this.counts;
      default:
        return answerOf(this.#slot(question.interpreter), question);
    }
  }

  #imageIfGrown(force: boolean): Image | null {
    const { generated } = this.#opened.module;
    if (generated - this.#savedFunctions < (force ? 1 : WORTH_WRITING)) return force ? this.#image : null;
    this.#image = withCodeOf(this.#opened.module, this.#image);
    this.#savedFunctions = generated;
    const warnings: string[] = [];
    const { file } = this.#opened;
    if (file !== undefined) writeImage(this.#engine, file, this.#image, warnings);
    if (warnings.length > 0 && !force) throw new Error(warnings.join('; '));
    return this.#image;
  }
}

/** A run that did not begin. */
function failure(message: string): RunOutcome {
  const nothing = { durationMs: 0, peakMemoryBytes: 0, fuelConsumed: 0n, truncated: false };
  return { status: 'failed', message, ...nothing, recovery: undefined };
}

type SlotQuestion = Exclude<Question, { op: 'open' | 'close' | 'image' | 'counts' }>;

function answerOf(slot: InterpreterSlot, question: SlotQuestion): unknown {
  switch (question.op) {
    case 'reset':
      return slot.reset();
    case 'clear':
      return slot.guest.clear();
    case 'snapshot':
      return slot.save();
    case 'restore':
      return slot.load(question.bytes);
    case 'export':
      return slot.guest.saveState();
    case 'import':
      return slot.guest.loadState(question.bytes);
    case 'complete':
      return slot.guest.complete(question.source);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof GuestError) return `${error.python.type}: ${error.python.message}`;
  return error instanceof Error ? error.message : String(error);
}
