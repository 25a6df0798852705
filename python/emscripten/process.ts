/**
 * The process that the guest believes to be: one user, no children, no way out but `exit`. Also signals, and Emscripten's own
 * services that need nothing here.
 */
import { ExitError } from '../../runtime/errors.ts';
import { WasiError } from '../../wasi/errno.ts';
import { cString, utf8 } from '../../wasi/memory-access.ts';
import { PATH_MAX } from './constants.ts';
import { type HostContext, type HostFamily, plainCalls, refuse, systemCalls } from './context.ts';
import { GuestAbort } from './errors.ts';

/** What a refused command answers, negative errno. */
const NO_SYSTEM = -52;

export function process(context: HostContext): HostFamily {
  const { memory, guest } = context;
  const text = (pointer: number) => (pointer === 0 ? '?' : memory.cString(pointer, PATH_MAX));
  const nothing = () => {};
  return {
    ...systemCalls({
      __syscall_getuid32_js: () => 0,
      __syscall_umask_js: () => 0o22,
      emscripten_set_up_async_input_device_js: refuse('NOSYS'),
    }),
    ...signals(context),
    exit: (code: number) => {
      throw new ExitError(code >>> 0);
    },
    _abort_js: () => {
      throw new GuestAbort('Python called abort()');
    },
    __assert_fail: (condition: number, file: number, line: number, name: number) => {
      throw new GuestAbort(`assertion failed: ${text(condition)}, ${text(file)}:${line}, ${text(name)}`);
    },
    // There is no shell: asked whether there is one, no.
    _emscripten_system: (command: number) => (command === 0 ? 0 : NO_SYSTEM),
    // What runs the interpreter is not told: `sys._emscripten_info.runtime` is None.
    _Py_emscripten_runtime: () => 0,
    emscripten_runtime_keepalive_push: nothing,
    emscripten_runtime_keepalive_pop: nothing,
    _emscripten_runtime_keepalive_clear: nothing,
    emscripten_debugger: nothing,
    ...plainCalls({
      _emscripten_get_progname: (buffer: number, length: number) => {
        memory.bytes(buffer, length).set(cString('python').subarray(0, length));
      },
      emscripten_log_impl_js: (message: number) => log(context, message),
      _emscripten_log_formatted: (_flags: number, message: number) => log(context, message),
    }),
    _PyEM_TrampolineCall_JS: (pointer: number, ...args: number[]) => guest.functionAt(pointer)(...args),
  };
}

function signals({ signals, guest }: HostContext): HostFamily {
  return {
    _Py_CheckEmscriptenSignals_Helper: () => signals.take(),
    __call_sighandler: (handler: number, signal: number) => void guest.functionAt(handler)(signal),
  };
}

/** To the guest's standard error, if that is open. */
function log({ memory, descriptors }: HostContext, message: number): void {
  const line = utf8(`${memory.cString(message, memory.bytes(message, 0).buffer.byteLength)}\n`);
  try {
    descriptors.get(2).write([line]);
  } catch (error) {
    if (!(error instanceof WasiError)) throw error;
  }
}
