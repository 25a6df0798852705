/**
 * What each instruction does to a frame of the reference interpreter; numeric ones come from numeric.ts. Charging 1 is
 * the caller's; here only the extra cost of bulk operations and growth is added.
 */
import type { Decoded, MemoryAccess, Signature } from './decode.ts';
import type { ReferenceInstance } from './interpreter.ts';
import { fail, NUMERIC, type Value } from './numeric.ts';
import { ReferenceException, type ReferenceFunction, sameSignature } from './reference-objects.ts';
import { VECTOR_HANDLERS } from './reference-vectors.ts';

export interface Label {
  /** Index of the instruction that opened it. */
  readonly opener: number;
  /** Operands below it, its own parameters excluded. */
  readonly height: number;
  /** Set while a legacy handler runs. */
  caught: { readonly thrown: unknown } | undefined;
}
export interface Frame {
  readonly instance: ReferenceInstance;
  readonly locals: Value[];
  readonly stack: Value[];
  readonly labels: Label[];
  readonly code: readonly Decoded[];
  readonly arity: number;
  pc: number;
  /** A call that takes this frame's place, to be made when it has ended. */
  tail: { readonly target: ReferenceFunction; readonly args: Value[] } | undefined;
}
type Handler = (frame: Frame, instruction: Decoded) => void;

function popI32(frame: Frame): number {
  return frame.stack.pop() as number;
}
function popU32(frame: Frame): number {
  return popI32(frame) >>> 0;
}
function pair(instruction: Decoded): readonly [number, number] {
  return instruction.value as unknown as readonly [number, number];
}

function open(frame: Frame, instruction: Decoded): void {
  const height = frame.stack.length - instruction.type!.params.length;
  frame.labels.push({ opener: frame.pc - 1, height, caught: undefined });
  const { params, results } = instruction.type!;
  if (params.length > 0 || results.length > 1) frame.instance.store.statistics.multiValueBlocks++;
}

/** To the label `depth` levels out; the function's own ends the frame. */
export function branch(frame: Frame, depth: number): void {
  const { labels, stack } = frame;
  const label = labels[labels.length - 1 - depth];
  if (label === undefined) {
    frame.pc = frame.code.length;
    return;
  }
  const opener = frame.code[label.opener]!;
  const isLoop = opener.name === 'loop';
  const types = isLoop ? opener.type!.params : opener.type!.results;
  const arity = types.length;
  if (types.includes('i64')) frame.instance.store.statistics.i64Merges++;
  stack.splice(label.height, stack.length - arity - label.height);
  labels.length -= isLoop ? depth : depth + 1;
  frame.pc = (isLoop ? label.opener : opener.closer) + 1;
}

/** `else` and `catch`, fallen into from above: over the end. */
function skipToEnd(frame: Frame, instruction: Decoded): void {
  frame.labels.pop();
  frame.pc = frame.code[instruction.opener]!.closer + 1;
}

function call(frame: Frame, target: ReferenceFunction): void {
  const count = target.type.params.length;
  const args = frame.stack.splice(frame.stack.length - count, count);
  if (target.type.results.length > 1) frame.instance.store.statistics.multiValueCalls++;
  for (const result of target.call(args)) frame.stack.push(result);
}

/** Ends the frame; no handler of it sees what the callee throws. */
function leave(frame: Frame, target: ReferenceFunction): void {
  const count = target.type.params.length;
  frame.tail = { target, args: frame.stack.splice(frame.stack.length - count, count) };
  frame.pc = frame.code.length;
  frame.instance.store.statistics.tailCalls++;
}

function elementOf(frame: Frame, instruction: Decoded): ReferenceFunction {
  const [type, table] = pair(instruction);
  const elements = frame.instance.tables[table]!.elements;
  const index = popU32(frame);
  if (index >= elements.length) fail('undefined element');
  const target = elements[index] as ReferenceFunction | null;
  if (target === null) return fail('uninitialized element');
  const wanted = frame.instance.module.types[type] as Signature;
  if (!sameSignature(target.type, wanted)) fail('indirect call type mismatch');
  return target;
}

function referenceOf(frame: Frame): ReferenceFunction {
  return (frame.stack.pop() as ReferenceFunction | null) ?? fail('null function reference');
}

const CONTROL: Record<string, Handler> = {
  unreachable: () => fail('unreachable'),
  nop: () => {},
  block: open,
  loop: open,
  try: open,
  try_table: open,
  if: (frame, instruction) => {
    const condition = popI32(frame);
    open(frame, instruction);
    if (condition === 0) frame.pc = instruction.elseAt >= 0 ? instruction.elseAt + 1 : instruction.closer;
  },
  else: skipToEnd,
  catch: skipToEnd,
  catch_all: skipToEnd,
  end: (frame) => {
    frame.labels.pop();
  },
  delegate: (frame) => {
    frame.labels.pop();
  },
  br: (frame, { value }) => branch(frame, value as number),
  br_if: (frame, { value }) => {
    if (popI32(frame) !== 0) branch(frame, value as number);
  },
  br_table: (frame, { value }) => {
    const depths = value as readonly number[];
    branch(frame, depths[Math.min(popU32(frame), depths.length - 1)]!);
  },
  return: (frame) => {
    frame.pc = frame.code.length;
  },
  call: (frame, { value }) => call(frame, frame.instance.functions[value as number]!),
  call_indirect: (frame, instruction) => call(frame, elementOf(frame, instruction)),
  call_ref: (frame) => call(frame, referenceOf(frame)),
  return_call: (frame, { value }) => leave(frame, frame.instance.functions[value as number]!),
  return_call_indirect: (frame, instruction) => leave(frame, elementOf(frame, instruction)),
  return_call_ref: (frame) => leave(frame, referenceOf(frame)),
  throw: (frame, { value }) => {
    const tag = frame.instance.tags[value as number]!;
    const count = tag.parameters.length;
    throw ReferenceException.ofRaw(tag, frame.stack.splice(frame.stack.length - count, count));
  },
  throw_ref: (frame) => {
    throw frame.stack.pop() ?? fail('null exception reference');
  },
  rethrow: (frame, { value }) => {
    throw frame.labels[frame.labels.length - 1 - (value as number)]!.caught!.thrown;
  },
};

const select: Handler = (frame) => {
  const condition = popI32(frame);
  const second = frame.stack.pop();
  if (condition === 0) frame.stack[frame.stack.length - 1] = second;
};

const VARIABLES: Record<string, Handler> = {
  drop: (frame) => {
    frame.stack.pop();
  },
  select,
  'select t': select,
  'local.get': (frame, { value }) => frame.stack.push(frame.locals[value as number]),
  'local.set': (frame, { value }) => {
    frame.locals[value as number] = frame.stack.pop();
  },
  'local.tee': (frame, { value }) => {
    frame.locals[value as number] = frame.stack.at(-1);
  },
  'global.get': (frame, { value }) => frame.stack.push(frame.instance.globals[value as number]!.raw),
  'global.set': (frame, { value }) => {
    frame.instance.globals[value as number]!.raw = frame.stack.pop();
  },
  'ref.null': (frame) => frame.stack.push(null),
  'ref.is_null': (frame) => frame.stack.push(frame.stack.pop() === null ? 1 : 0),
  'ref.func': (frame, { value }) => frame.stack.push(frame.instance.functions[value as number]),
};
for (const type of ['i32', 'i64', 'f32', 'f64']) {
  VARIABLES[`${type}.const`] = (frame, { value }) => frame.stack.push(value);
}

type Read = (view: DataView, at: number) => Value;
type Write = (view: DataView, at: number, value: never) => void;
const LOADS: Record<string, [number, Read]> = {
  'i32.load': [4, (v, at) => v.getInt32(at, true)],
  'i64.load': [8, (v, at) => v.getBigInt64(at, true)],
  'f32.load': [4, (v, at) => v.getInt32(at, true)],
  'f64.load': [8, (v, at) => v.getBigInt64(at, true)],
  'i32.load8_s': [1, (v, at) => v.getInt8(at)],
  'i32.load8_u': [1, (v, at) => v.getUint8(at)],
  'i32.load16_s': [2, (v, at) => v.getInt16(at, true)],
  'i32.load16_u': [2, (v, at) => v.getUint16(at, true)],
  'i64.load8_s': [1, (v, at) => BigInt(v.getInt8(at))],
  'i64.load8_u': [1, (v, at) => BigInt(v.getUint8(at))],
  'i64.load16_s': [2, (v, at) => BigInt(v.getInt16(at, true))],
  'i64.load16_u': [2, (v, at) => BigInt(v.getUint16(at, true))],
  'i64.load32_s': [4, (v, at) => BigInt(v.getInt32(at, true))],
  'i64.load32_u': [4, (v, at) => BigInt(v.getUint32(at, true))],
};
const STORES: Record<string, [number, Write]> = {
  'i32.store': [4, (v, at, value: number) => v.setInt32(at, value, true)],
  'i64.store': [8, (v, at, value: bigint) => v.setBigInt64(at, value, true)],
  'f32.store': [4, (v, at, value: number) => v.setInt32(at, value, true)],
  'f64.store': [8, (v, at, value: bigint) => v.setBigInt64(at, value, true)],
  'i32.store8': [1, (v, at, value: number) => v.setInt8(at, value)],
  'i32.store16': [2, (v, at, value: number) => v.setInt16(at, value, true)],
  'i64.store8': [1, (v, at, value: bigint) => v.setInt8(at, Number(value & 0xffn))],
  'i64.store16': [2, (v, at, value: bigint) => v.setInt16(at, Number(value & 0xffffn), true)],
  'i64.store32': [4, (v, at, value: bigint) => v.setInt32(at, Number(value & 0xffffffffn), true)],
};

const MEMORY: Record<string, Handler> = {
  'memory.size': (frame, { value }) =>
    frame.stack.push(frame.instance.memories[value as number]!.bytes.length / 65536),
  'memory.grow': (frame, { value }) => {
    const delta = popU32(frame);
    const old = frame.instance.memories[value as number]!.grow(delta);
    const { store } = frame.instance;
    if (old >= 0) store.chargeExtra(delta * 65536);
    if (old >= 0 && delta > 0 && store.depth > 1) store.statistics.growthInCallee++;
    frame.stack.push(old);
  },
  'memory.fill': (frame, { value }) => {
    const [count, byte, at] = [popU32(frame), popI32(frame), popU32(frame)];
    const memory = frame.instance.memories[value as number]!;
    memory.check(at, count);
    frame.instance.store.chargeExtra(count);
    memory.bytes.fill(byte, at, at + count);
  },
  'memory.copy': (frame, instruction) => {
    const [count, from, to] = [popU32(frame), popU32(frame), popU32(frame)];
    const [target, source] = pair(instruction).map((index) => frame.instance.memories[index]!);
    source!.check(from, count);
    target!.check(to, count);
    frame.instance.store.chargeExtra(count);
    target!.bytes.set(source!.bytes.slice(from, from + count), to);
  },
  'memory.init': (frame, instruction) => {
    const [count, from, to] = [popU32(frame), popU32(frame), popU32(frame)];
    const [segment, index] = pair(instruction);
    const memory = frame.instance.memories[index]!;
    const data = frame.instance.data[segment]!;
    if (from + count > data.length) fail('out of bounds memory access');
    memory.check(to, count);
    frame.instance.store.chargeExtra(count);
    memory.bytes.set(data.subarray(from, from + count), to);
  },
  'data.drop': (frame, { value }) => {
    frame.instance.data[value as number] = new Uint8Array();
  },
};
for (const [name, [size, read]] of Object.entries(LOADS)) {
  MEMORY[name] = (frame, { value }) => {
    const { memory: index, offset } = value as MemoryAccess;
    const memory = frame.instance.memories[index]!;
    frame.stack.push(read(memory.view, memory.check(popU32(frame) + offset, size)));
  };
}
for (const [name, [size, write]] of Object.entries(STORES)) {
  MEMORY[name] = (frame, { value }) => {
    const { memory: index, offset } = value as MemoryAccess;
    const memory = frame.instance.memories[index]!;
    const operand = frame.stack.pop() as never;
    write(memory.view, memory.check(popU32(frame) + offset, size), operand);
  };
}

const TABLES: Record<string, Handler> = {
  'table.get': (frame, { value }) => {
    const table = frame.instance.tables[value as number]!;
    frame.stack.push(table.elements[table.check(popU32(frame), 1)]);
  },
  'table.set': (frame, { value }) => {
    const table = frame.instance.tables[value as number]!;
    const element = frame.stack.pop();
    table.elements[table.check(popU32(frame), 1)] = element;
  },
  'table.size': (frame, { value }) => frame.stack.push(frame.instance.tables[value as number]!.length),
  'table.grow': (frame, { value }) => {
    const delta = popU32(frame);
    const old = frame.instance.tables[value as number]!.grow(delta, frame.stack.pop());
    if (old >= 0) frame.instance.store.chargeExtra(delta);
    frame.stack.push(old);
  },
  'table.fill': (frame, { value }) => {
    const count = popU32(frame);
    const element = frame.stack.pop();
    const at = popU32(frame);
    const table = frame.instance.tables[value as number]!;
    table.check(at, count);
    frame.instance.store.chargeExtra(count);
    table.elements.fill(element, at, at + count);
  },
  'table.copy': (frame, instruction) => {
    const [count, from, to] = [popU32(frame), popU32(frame), popU32(frame)];
    const [target, source] = pair(instruction).map((index) => frame.instance.tables[index]!);
    source!.check(from, count);
    target!.check(to, count);
    frame.instance.store.chargeExtra(count);
    source!.elements.slice(from, from + count).forEach((element, i) => {
      target!.elements[to + i] = element;
    });
  },
  'table.init': (frame, instruction) => {
    const [count, from, to] = [popU32(frame), popU32(frame), popU32(frame)];
    const [segment, index] = pair(instruction);
    const table = frame.instance.tables[index]!;
    const elements = frame.instance.elements[segment]!;
    if (from + count > elements.length) fail('out of bounds table access');
    table.check(to, count);
    frame.instance.store.chargeExtra(count);
    for (let i = 0; i < count; i++) table.elements[to + i] = elements[from + i];
  },
  'elem.drop': (frame, { value }) => {
    frame.instance.elements[value as number] = [];
  },
};

const ARITHMETIC: Record<string, Handler> = Object.fromEntries(
  Object.entries(NUMERIC).map(([name, operation]): [string, Handler] => [
    name,
    operation.length === 1
      ? ({ stack }) => stack.push(operation(stack.pop()))
      : ({ stack }) => {
          const second = stack.pop();
          stack.push(operation(stack.pop(), second));
        },
  ]),
);

/** By the instruction's name. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...ARITHMETIC,
  ...CONTROL,
  ...VARIABLES,
  ...MEMORY,
  ...TABLES,
  ...VECTOR_HANDLERS,
};
