/**
 * Bodies as one line of text, for tables of tests: `'i32.const 1; i32.load offset=4; drop'`. A shorthand for
 * wasm-builder.ts, not the text format: indices are numbers, `block 0` has type 0, `align` is a log2,
 * `catch_ref/1/0` is a catch clause (tag, label), `bytes 0xfd 0x0c` stands for itself, `select t` is one name.
 */
import type { CatchOperand, Instruction, Operand } from './wasm-builder.ts';

export function instructions(text: string): Instruction[] {
  return text
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(instruction);
}

function instruction(line: string): Instruction {
  const [name = '', ...words] = line.replace('select t', 'select_t').split(/\s+/);
  if (name === 'bytes') return Uint8Array.from(words, Number);
  const fields = words.filter((word) => word.includes('='));
  const operands = words.filter((word) => !word.includes('=')).map(operand);
  if (fields.length > 0) operands.push(Object.fromEntries(fields.map(field)));
  return [name.replace('select_t', 'select t'), ...operands];
}

function field(word: string): [string, number] {
  const [name = '', value] = word.split('=');
  return [name, Number(value)];
}

function operand(word: string): Operand {
  if (word === 'void') return '';
  if (!word.startsWith('catch')) return /^-?\d/.test(word) ? Number(word) : word;
  const [kind, ...indices] = word.split('/');
  return [kind, ...indices.map(Number)] as unknown as CatchOperand;
}
