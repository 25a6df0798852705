/**
 * The few functions of Python's C API that the host calls, with strings and bytes passed through the guest's memory. Pointers to
 * Python objects are numbers; every one returned here is a reference of ours, to be given back by `release`, unless it says "borrowed".
 */

import { cString } from '../wasi/memory-access.ts';
import type { EmscriptenHost } from './emscripten/host.ts';

export type Pointer = number;

/** Python raised an exception where there was nobody to catch it. */
export class PythonError extends Error {
  override readonly name = 'PythonError';
  /** The exception's class: `'ValueError'`. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message === '' ? type : `${type}: ${message}`);
    this.type = type;
  }
}

const FUNCTIONS = [
  '__wasm_call_ctors',
  'malloc',
  'free',
  'Py_InitializeEx',
  'Py_CompileString',
  'Py_DecRef',
  'PyBytes_AsString',
  'PyBytes_FromStringAndSize',
  'PyBytes_Size',
  'PyDict_GetItemString',
  'PyDict_New',
  'PyDict_SetItemString',
  'PyErr_GetRaisedException',
  'PyEval_EvalCode',
  'PyEval_GetBuiltins',
  'PyObject_CallOneArg',
  'PyObject_Str',
  'PyObject_Type',
  'PyType_GetName',
  'PyUnicode_AsUTF8',
  'PyUnicode_FromString',
] as const;

type CFunctions = Readonly<Record<(typeof FUNCTIONS)[number], (...args: number[]) => number>>;

/** What is compiled is a whole file. */
const FILE_INPUT = 257;
const LONGEST_MESSAGE = 2 ** 16;

export class CApi {
  readonly #host: EmscriptenHost;
  readonly #c: CFunctions;

  /** The host must be bound. */
  constructor(host: EmscriptenHost) {
    this.#host = host;
    const { exports } = host.guest;
    for (const name of FUNCTIONS) {
      if (typeof exports[name] !== 'function') throw new TypeError(`this CPython does not export ${name}`);
    }
    this.#c = exports as CFunctions;
  }

  get functions(): CFunctions {
    return this.#c;
  }

  /** Runs source text in a namespace of its own, which is the result: a dictionary. */
  run(source: string, filename: string, name: string): Pointer {
    const c = this.#c;
    const globals = this.#check(c.PyDict_New());
    this.#setItem(globals, '__builtins__', c.PyEval_GetBuiltins());
    const moduleName = this.#withString(name, (text) => this.#check(c.PyUnicode_FromString(text)));
    this.#setItem(globals, '__name__', moduleName);
    this.release(moduleName);
    const code = this.#withString(source, (text) =>
      this.#withString(filename, (file) => this.#check(c.Py_CompileString(text, file, FILE_INPUT))),
    );
    try {
      this.release(this.#check(c.PyEval_EvalCode(code, globals, globals)));
      return globals;
    } finally {
      this.release(code);
    }
  }

  /** Borrowed from the dictionary. */
  item(dictionary: Pointer, key: string): Pointer {
    const found = this.#withString(key, (text) => this.#c.PyDict_GetItemString(dictionary, text));
    if (found === 0) throw new PythonError('KeyError', key);
    return found;
  }

  /** Calls a Python function from bytes to bytes. */
  call(callable: Pointer, request: Uint8Array): Uint8Array {
    const c = this.#c;
    const argument = this.#check(c.PyBytes_FromStringAndSize(0, request.length));
    this.#host.memory.bytes(c.PyBytes_AsString(argument), request.length).set(request);
    const result = c.PyObject_CallOneArg(callable, argument);
    this.release(argument);
    this.#check(result);
    try {
      const start = this.#check(c.PyBytes_AsString(result));
      return this.#host.memory.bytes(start, c.PyBytes_Size(result)).slice();
    } finally {
      this.release(result);
    }
  }

  release(object: Pointer): void {
    this.#c.Py_DecRef(object);
  }

  #setItem(dictionary: Pointer, key: string, value: Pointer): void {
    this.#withString(key, (text) => this.#c.PyDict_SetItemString(dictionary, text, value));
  }

  /** Null means that an exception was raised. */
  #check(object: Pointer): Pointer {
    if (object === 0) throw this.#raised();
    return object;
  }

  #raised(): PythonError {
    const c = this.#c;
    const exception = c.PyErr_GetRaisedException();
    if (exception === 0) return new PythonError('SystemError', 'a function failed without an exception');
    const type = c.PyObject_Type(exception);
    const error = new PythonError(this.#text(c.PyType_GetName(type)), this.#text(c.PyObject_Str(exception)));
    this.release(type);
    this.release(exception);
    return error;
  }

  /** Of a string object, which is released; what cannot be read is `?`. */
  #text(object: Pointer): string {
    const c = this.#c;
    const start = object === 0 ? 0 : c.PyUnicode_AsUTF8(object);
    const text = start === 0 ? '?' : this.#host.memory.cString(start, LONGEST_MESSAGE);
    // An exception meanwhile is not the one to tell of.
    const another = c.PyErr_GetRaisedException();
    for (const pointer of [object, another]) if (pointer !== 0) this.release(pointer);
    return text;
  }

  #withString<T>(text: string, use: (pointer: number) => T): T {
    const bytes = cString(text);
    const pointer = this.#c.malloc(bytes.length);
    if (pointer === 0) throw new PythonError('MemoryError', '');
    try {
      this.#host.memory.bytes(pointer, bytes.length).set(bytes);
      return use(pointer);
    } finally {
      this.#c.free(pointer);
    }
  }
}
