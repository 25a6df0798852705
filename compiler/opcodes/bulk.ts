/**
 * Memories, tables, segments and references as wholes: helpers of runtime/helpers/{memory,table}.ts that
 * take the environment `E` and the instruction's indices `i`, `j`.
 *
 * All that writes or grows is a `call`: it charges fuel for its size, and may replace a memory's view.
 */
import { rows } from './row.ts';

// biome-ignore format: a table
const MVP = rows('mvp', [
  [0x3f, 'memory.size', 'memory', '-> i32',    'load', 'memory_size(E, i)'],
  [0x40, 'memory.grow', 'memory', 'i32 -> i32', 'call', 'memory_grow(E, i, a)'],
]);

// biome-ignore format: a table
const BULK_MEMORY = rows('bulk-memory', [
  [[0xfc, 8],  'memory.init', 'data memory',   'i32 i32 i32 ->', 'call', 'memory_init(E, i, j, a, b, c)'],
  [[0xfc, 9],  'data.drop',   'data',          '->',             'call', 'data_drop(E, i)'],
  [[0xfc, 10], 'memory.copy', 'memory memory', 'i32 i32 i32 ->', 'call', 'memory_copy(E, i, j, a, b, c)'],
  [[0xfc, 11], 'memory.fill', 'memory',        'i32 i32 i32 ->', 'call', 'memory_fill(E, i, a, b, c)'],
  [[0xfc, 12], 'table.init',  'element table', 'i32 i32 i32 ->', 'call', 'table_init(E, i, j, a, b, c)'],
  [[0xfc, 13], 'elem.drop',   'element',       '->',             'call', 'elem_drop(E, i)'],
  [[0xfc, 14], 'table.copy',  'table table',   'i32 i32 i32 ->', 'call', 'table_copy(E, i, j, a, b, c)'],
]);

// biome-ignore format: a table
const REFERENCE_TYPES = rows('reference-types', [
  [0x25,       'table.get',   'table',    'custom', 'load', 'table_get(E, i, a)'],
  [0x26,       'table.set',   'table',    'custom', 'call', 'table_set(E, i, a, b)'],
  [0xd0,       'ref.null',    'heaptype', 'custom', 'pure', 'null'],
  [0xd1,       'ref.is_null', 'none',     'custom', 'pure', 'a === null'],
  [0xd2,       'ref.func',    'function', 'custom', 'pure', 'ref_func(E, i)'],
  [[0xfc, 15], 'table.grow',  'table',    'custom', 'call', 'table_grow(E, i, a, b)'],
  [[0xfc, 16], 'table.size',  'table',    '-> i32', 'load', 'table_size(E, i)'],
  [[0xfc, 17], 'table.fill',  'table',    'custom', 'call', 'table_fill(E, i, a, b, c)'],
]);

const FUNCTION_REFERENCES = rows('function-references', [
  [0xd4, 'ref.as_non_null', 'none', 'custom', 'trap', 'a === null ? null_reference() : a'],
]);

export const BULK = [...MVP, ...BULK_MEMORY, ...REFERENCE_TYPES, ...FUNCTION_REFERENCES];
