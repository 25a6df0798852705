/**
 * Memories, tables, segments and references as wholes: helpers of runtime/helpers/{memory,table}.ts that
 * take the environment `E`, the instruction's indices `i`, `j`, and operands as unsigned numbers (`SUBJECT` in row.ts).
 *
 * All that writes or grows is a `call`: it charges fuel for its size, and may replace a memory's view.
 */
import { rows } from './row.ts';

// biome-ignore format: a table
const MVP = rows('mvp', [
  [0x3f, 'memory.size', 'memory', '-> at',    'load', 'memory_size(E, i)'],
  [0x40, 'memory.grow', 'memory', 'at -> at', 'call', 'memory_grow(E, i, a)'],
]);

// biome-ignore format: a table
const BULK_MEMORY = rows('bulk-memory', [
  [[0xfc, 8],  'memory.init', 'data memory',   'at u32 u32 ->', 'call', 'memory_init(E, i, j, a, b, c)'],
  [[0xfc, 9],  'data.drop',   'data',          '->',             'call', 'data_drop(E, i)'],
  [[0xfc, 10], 'memory.copy', 'memory memory', 'at from len ->', 'call', 'memory_copy(E, i, j, a, b, c)'],
  [[0xfc, 11], 'memory.fill', 'memory',        'at i32 at ->', 'call', 'memory_fill(E, i, a, b, c)'],
  [[0xfc, 12], 'table.init',  'element table', 'at u32 u32 ->', 'call', 'table_init(E, i, j, a, b, c)'],
  [[0xfc, 13], 'elem.drop',   'element',       '->',             'call', 'elem_drop(E, i)'],
  [[0xfc, 14], 'table.copy',  'table table',   'at from len ->', 'call', 'table_copy(E, i, j, a, b, c)'],
]);

// biome-ignore format: a table
const REFERENCE_TYPES = rows('reference-types', [
  [0x25,       'table.get',   'table',    'at -> elem', 'load', 'table_get(E, i, a)'],
  [0x26,       'table.set',   'table',    'at elem ->', 'call', 'table_set(E, i, a, b)'],
  [0xd0,       'ref.null',    'heaptype', 'custom', 'pure', 'null'],
  [0xd1,       'ref.is_null', 'none',     'custom', 'pure', 'a === null'],
  [0xd2,       'ref.func',    'function', 'custom', 'pure', 'ref_func(E, i)'],
  [[0xfc, 15], 'table.grow',  'table',    'elem at -> at', 'call', 'table_grow(E, i, a, b)'],
  [[0xfc, 16], 'table.size',  'table',    '-> at', 'load', 'table_size(E, i)'],
  [[0xfc, 17], 'table.fill',  'table',    'at elem at ->', 'call', 'table_fill(E, i, a, b, c)'],
]);

const FUNCTION_REFERENCES = rows('function-references', [
  [0xd4, 'ref.as_non_null', 'none', 'custom', 'trap', 'a === null ? null_reference() : a'],
]);

export const BULK = [...MVP, ...BULK_MEMORY, ...REFERENCE_TYPES, ...FUNCTION_REFERENCES];
