/**
 * CPython calls C functions with more arguments than they may take, which WebAssembly does not allow. Its way out, a call through
 * JavaScript for each, is slow; it also takes a function that does the same in WebAssembly, by asking the function for its type:
 *
 *   (func (export "call") (param $success i32) (param $function i32) (param $self i32) (param $args i32) (param $keywords i32)
 *         (result i32)
 *     …for each number of parameters, 3 to 0:
 *     (if (ref.test (ref $type) (table.get (local.get $function)))
 *       (then (return (call_indirect (type $type) (local.get $self) … (local.get $function)))))
 *     (i32.store (local.get $success) (i32.const 0))
 *     (i32.const 0))
 *
 * It lies in a table entry that is ours, and takes garbage collection's `ref.test`: without that (native Node 20) it is not used.
 */

const I32 = 0x7f;
/** Types 0 to 3 take so many parameters; 4 is the trampoline's own. */
const PARAMETERS = [0, 1, 2, 3, 5];
const SUCCESS = 0;
const FUNCTION = 1;
const FIRST_ARGUMENT = 2;

function sized(bytes: readonly number[]): number[] {
  return bytes.length < 0x80
    ? [bytes.length, ...bytes]
    : [(bytes.length & 0x7f) | 0x80, bytes.length >>> 7, ...bytes];
}

const section = (id: number, content: readonly number[]) => [id, ...sized(content)];
const text = (name: string) => sized([...new TextEncoder().encode(name)]);
const localGet = (index: number) => [0x20, index];

/** `if (the function is of the type) return its result` */
function attempt(type: number): number[] {
  const args = Array.from({ length: PARAMETERS[type]! }, (_, index) => localGet(FIRST_ARGUMENT + index));
  return [
    ...[...localGet(FUNCTION), 0x25, 0],
    ...[0xfb, 0x14, type],
    ...[0x04, 0x40],
    ...args.flat(),
    ...[...localGet(FUNCTION), 0x11, type, 0, 0x0f],
    0x0b,
  ];
}

export function trampolineModule(): Uint8Array {
  const types = PARAMETERS.map((count) => [0x60, count, ...Array(count).fill(I32), 1, I32]);
  const imports = [
    [...text('guest'), ...text('memory'), 2, 0, 0],
    [...text('guest'), ...text('table'), 1, 0x70, 0, 0],
  ];
  const failure = [...localGet(SUCCESS), 0x41, 0, 0x36, 2, 0, 0x41, 0, 0x0b];
  const body = [0, ...[3, 2, 1, 0].flatMap(attempt), ...failure];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [types.length, ...types.flat()]),
    ...section(2, [imports.length, ...imports.flat()]),
    ...section(3, [1, 4]),
    ...section(7, [1, ...text('call'), 0, 0]),
    ...section(10, [1, ...sized(body)]),
  ]);
}
