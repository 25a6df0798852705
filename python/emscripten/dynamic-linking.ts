/** `dlopen`: native extensions are not supported; Python raises ImportError with what is said here. */
import { cString } from '../../wasi/memory-access.ts';
import type { HostContext, HostFamily } from './context.ts';

const MESSAGE = cString('native extensions are not supported');

export function dynamicLinking({ guest, memory }: HostContext): HostFamily {
  const fail = () => {
    const { malloc, free, __dl_seterr } = guest.exports;
    const text = malloc!(MESSAGE.length);
    if (text === 0) return 0;
    memory.bytes(text, MESSAGE.length).set(MESSAGE);
    // Copied; the format has no arguments.
    __dl_seterr!(text, 0);
    free!(text);
    return 0;
  };
  return { _dlopen_js: fail, _dlsym_js: fail };
}
