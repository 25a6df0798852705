/**
 * Control flow, calls, exceptions, variables, constants, parametric instructions: no templates, because what they
 * become depends on their surroundings; the emitter knows.
 */
import { rows } from './row.ts';

// biome-ignore format: a table
const MVP = rows('mvp', [
  [0x00, 'unreachable',   'none',       'custom', 'control'],
  [0x01, 'nop',           'none',       '->',     'pure'],
  [0x02, 'block',         'block',      'custom', 'control'],
  [0x03, 'loop',          'block',      'custom', 'control'],
  [0x04, 'if',            'block',      'custom', 'control'],
  [0x05, 'else',          'none',       'custom', 'control'],
  [0x0b, 'end',           'none',       'custom', 'control'],
  [0x0c, 'br',            'label',      'custom', 'control'],
  [0x0d, 'br_if',         'label',      'custom', 'control'],
  [0x0e, 'br_table',      'labels',     'custom', 'control'],
  [0x0f, 'return',        'none',       'custom', 'control'],
  [0x10, 'call',          'call',       'custom', 'control'],
  [0x11, 'call_indirect', 'type table', 'custom', 'control'],
  [0x1a, 'drop',          'none',       'custom', 'pure'],
  [0x1b, 'select',        'none',       'custom', 'pure'],
  [0x20, 'local.get',     'local',      'custom', 'load'],
  [0x21, 'local.set',     'local',      'custom', 'store'],
  [0x22, 'local.tee',     'local',      'custom', 'store'],
  [0x23, 'global.get',    'global',     'custom', 'load'],
  [0x24, 'global.set',    'global',     'custom', 'store'],
  [0x41, 'i32.const',     'i32',        '-> i32', 'pure'],
  [0x42, 'i64.const',     'i64',        '-> i64', 'pure'],
  [0x43, 'f32.const',     'f32',        '-> f32', 'pure'],
  [0x44, 'f64.const',     'f64',        '-> f64', 'pure'],
]);

// biome-ignore format: a table
const REFERENCE_TYPES = rows('reference-types', [
  [0x1c, 'select t', 'types', 'custom', 'pure'],
]);

// biome-ignore format: a table
const TAIL_CALLS = rows('tail-call', [
  [0x12, 'return_call',          'call',       'custom', 'control'],
  [0x13, 'return_call_indirect', 'type table', 'custom', 'control'],
]);

// biome-ignore format: a table
const EXCEPTIONS = rows('exception-handling', [
  [0x08, 'throw',     'tag',       'custom', 'control'],
  [0x0a, 'throw_ref', 'none',      'custom', 'control'],
  [0x1f, 'try_table', 'try_table', 'custom', 'control'],
]);

// biome-ignore format: a table
const LEGACY_EXCEPTIONS = rows('legacy-exceptions', [
  [0x06, 'try',       'block', 'custom', 'control'],
  [0x07, 'catch',     'tag',   'custom', 'control'],
  [0x09, 'rethrow',   'label', 'custom', 'control'],
  [0x18, 'delegate',  'label', 'custom', 'control'],
  [0x19, 'catch_all', 'none',  'custom', 'control'],
]);

// biome-ignore format: a table
const FUNCTION_REFERENCES = rows('function-references', [
  [0x14, 'call_ref',        'type',  'custom', 'control'],
  [0x15, 'return_call_ref', 'type',  'custom', 'control'],
  [0xd5, 'br_on_null',      'label', 'custom', 'control'],
  [0xd6, 'br_on_non_null',  'label', 'custom', 'control'],
]);

export const CONTROL = [
  ...MVP,
  ...REFERENCE_TYPES,
  ...TAIL_CALLS,
  ...EXCEPTIONS,
  ...LEGACY_EXCEPTIONS,
  ...FUNCTION_REFERENCES,
];
