/**
 * Python programs and what they print: [name, source, expected]. Run under native WebAssembly and on generated JavaScript, with the
 * same host code. Not a test.
 */
export const PROGRAMS: readonly (readonly [name: string, source: string, expected: string])[] = [
  ['version', 'import sys; print(sys.version_info[:2], sys.platform)', '(3, 14) emscripten\n'],
  [
    'json',
    'import json; print(json.loads(json.dumps({"a": [1, 2.5, None, "é"]})))',
    "{'a': [1, 2.5, None, 'é']}\n",
  ],
];
