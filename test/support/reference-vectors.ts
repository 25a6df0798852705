/**
 * Instructions on vectors in the reference interpreter: those of vector-operations.ts, and those with immediates: constants, memory
 * accesses, lanes, shuffles.
 */
import { OPCODES } from '../../compiler/opcodes.ts';
import type { Decoded, MemoryAccess } from './decode.ts';
import type { Frame } from './reference-instructions.ts';
import { signedLanes, unsignedLanes, VECTORS, vectorOf } from './vector-operations.ts';

type Handler = (frame: Frame, instruction: Decoded) => void;

export const VECTOR_HANDLERS: Record<string, Handler> = {
  'v128.const': (frame, { value }) => frame.stack.push(value),
  'i8x16.shuffle': (frame, { value }) => {
    const second = frame.stack.pop() as bigint;
    const bytes = [...unsignedLanes(frame.stack.pop() as bigint, 8), ...unsignedLanes(second, 8)];
    frame.stack.push(
      vectorOf(
        (value as unknown as readonly number[]).map((index) => bytes[index]!),
        8,
      ),
    );
  },
};

for (const [name, operation] of Object.entries(VECTORS)) {
  VECTOR_HANDLERS[name] = ({ stack }) => {
    const operands = stack.splice(stack.length - operation.length, operation.length);
    stack.push(operation(...operands));
  };
}

// -------------------------------------------------------------------- lanes

/** A lane as the interpreter's scalar: i64 and f64 are bigints. */
const scalarOf = (bits: bigint, width: number) => (width === 64 ? bits : Number(bits));

for (const [shape, width] of Object.entries({
  i8x16: 8,
  i16x8: 16,
  i32x4: 32,
  i64x2: 64,
  f32x4: 32,
  f64x2: 64,
})) {
  const extract =
    (read: typeof signedLanes): Handler =>
    ({ stack }, { value }) =>
      stack.push(scalarOf(read(stack.pop() as bigint, width)[value as number]!, width));
  const suffix = width < 32 ? '_s' : '';
  VECTOR_HANDLERS[`${shape}.extract_lane${suffix}`] = extract(signedLanes);
  if (width < 32) VECTOR_HANDLERS[`${shape}.extract_lane_u`] = extract(unsignedLanes);
  VECTOR_HANDLERS[`${shape}.replace_lane`] = ({ stack }, { value }) => {
    const scalar = BigInt(stack.pop() as number | bigint);
    const lanes = unsignedLanes(stack.pop() as bigint, width);
    lanes[value as number] = scalar;
    stack.push(vectorOf(lanes, width));
  };
}

// -------------------------------------------------------------------- memory

function bytesAt(frame: Frame, { memory: index, offset }: MemoryAccess, size: number): Uint8Array {
  const memory = frame.instance.memories[index]!;
  const at = memory.check(((frame.stack.pop() as number) >>> 0) + offset, size);
  return memory.bytes.subarray(at, at + size);
}

function numberIn(bytes: Uint8Array): bigint {
  return bytes.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function write(bytes: Uint8Array, bits: bigint): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((bits >> BigInt(8 * i)) & 0xffn);
}

/** What a load makes of the number that it finds: `v128.load16x4_u` four numbers of 16 bits with twice the room. */
function loaded(name: string): { size: number; vector: (bits: bigint) => bigint } {
  const [, width, times, sign] = /load(\d+)x(\d)_([su])/.exec(name) ?? [];
  if (width !== undefined) {
    const read = sign === 's' ? signedLanes : unsignedLanes;
    const vector = (bits: bigint) =>
      vectorOf(read(bits, Number(width)).slice(0, Number(times)), 2 * Number(width));
    return { size: 8, vector };
  }
  const bits = Number(/load(\d+)_(?:splat|zero)/.exec(name)?.[1] ?? 128);
  const isSplat = name.endsWith('_splat');
  return {
    size: bits / 8,
    vector: (found) => (isSplat ? vectorOf(new Array<bigint>(128 / bits).fill(found), bits) : found),
  };
}

for (const { name, immediate } of OPCODES) {
  if (!/^v128\.(load|store)/.test(name)) continue;
  const width = Number(/(\d+)_lane/.exec(name)?.[1] ?? 0);
  if (immediate === 'memarg lane') {
    VECTOR_HANDLERS[name] = (frame, { value }) => {
      const access = value as MemoryAccess;
      const lanes = unsignedLanes(frame.stack.pop() as bigint, width);
      const bytes = bytesAt(frame, access, width / 8);
      if (name.includes('store')) write(bytes, lanes[access.lane!]!);
      else {
        lanes[access.lane!] = numberIn(bytes);
        frame.stack.push(vectorOf(lanes, width));
      }
    };
  } else if (name === 'v128.store') {
    VECTOR_HANDLERS[name] = (frame, { value }) => {
      const vector = frame.stack.pop() as bigint;
      write(bytesAt(frame, value as MemoryAccess, 16), vector);
    };
  } else {
    const { size, vector } = loaded(name);
    VECTOR_HANDLERS[name] = (frame, { value }) => {
      frame.stack.push(vector(numberIn(bytesAt(frame, value as MemoryAccess, size))));
    };
  }
}
