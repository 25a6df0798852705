/**
 * For sinks that want to know where every instruction stands, whatever method tells of it: source maps, stepping, the lines of
 * a disassembly. Others should not pay for that.
 */
import type { Sink } from './sink.ts';

/** Passes everything on; before each event but the first, `note` gets the offset, which is the event's last argument. */
export function notingOffsets(sink: Sink, note: (offset: number) => void): Sink {
  return new Proxy(sink, {
    get(_, event: keyof Sink) {
      return (...args: unknown[]) => {
        if (event !== 'start') note(args.at(-1) as number);
        (sink[event] as (...args: unknown[]) => void).apply(sink, args);
      };
    },
  });
}
