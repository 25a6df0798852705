/** The guest's memory: growth within the limit; files are not mapped into it. */
import { PAGE } from './constants.ts';
import { type HostContext, type HostFamily, refuse, systemCalls } from './context.ts';

/** Growth is in steps of so many bytes, where the limit leaves room: `malloc` asks for a page or two at a time. */
const STEP = 2 ** 20;

export function memory(context: HostContext): HostFamily {
  const { memoryLimit, guest } = context;
  return {
    emscripten_get_heap_max: () => memoryLimit(),
    // Asked by `sbrk`; 0 makes `malloc` fail, which Python turns into MemoryError.
    emscripten_resize_heap: (requested: number) => {
      const wanted = requested >>> 0;
      const limit = Math.floor(memoryLimit() / PAGE) * PAGE;
      if (wanted > limit) return 0;
      const size = Math.min(Math.ceil(wanted / STEP) * STEP, limit);
      const missing = (size - guest.memoryBytes) / PAGE;
      return missing <= 0 || guest.grow(missing) ? 1 : 0;
    },
    ...systemCalls({ _mmap_js: refuse('NODEV'), _munmap_js: refuse('INVAL'), _msync_js: refuse('INVAL') }),
  };
}
