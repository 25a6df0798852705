/**
 * `poll_oneoff`: wait for the first of several clocks and descriptors. Files and outputs are always ready, inputs when they have
 * something to read (or have ended). All waiting is done on the interrupt, so a deadline ends it.
 */
import { readClock } from './clock.ts';
import type { Context, Family } from './context.ts';
import { ERRNO, errnoOf, WasiError } from './errno.ts';
import { LONGEST_PAUSE } from './files/blocking.ts';
import { RIGHTS } from './types.ts';

const CLOCK = 0;
const FD_READ = 1;
const FD_WRITE = 2;
const SUBSCRIPTION_SIZE = 48;
const EVENT_SIZE = 32;
const MOST_SUBSCRIPTIONS = 4096;
const ABSOLUTE_TIME = 1;

interface Event {
  readonly userdata: bigint;
  readonly type: number;
  readonly errno: number;
  readonly bytes: number;
}

/** Looks whether its event has happened; `waited` is how long we have waited, in milliseconds. */
type Check = (waited: number) => Event | undefined;
/** `delay`: when a clock is due, in milliseconds from now; undefined for descriptors, which must be looked at again and again. */
interface Subscription {
  readonly delay: number | undefined;
  readonly check: Check;
}

export function poll(context: Context): Family {
  const { memory, interrupt } = context;
  return {
    poll_oneoff: (subscriptions: number, events: number, count: number, result: number) => {
      if (count === 0 || count >>> 0 > MOST_SUBSCRIPTIONS) throw new WasiError('INVAL');
      const input = memory.view(subscriptions, count * SUBSCRIPTION_SIZE);
      memory.bytes(events, count * EVENT_SIZE);
      memory.bytes(result, 4);
      const offsets = Array.from({ length: count }, (_, index) => index * SUBSCRIPTION_SIZE);
      const happened = waitForAny(
        offsets.map((at) => subscription(context, input, at)),
        interrupt,
      );
      for (const [index, event] of happened.entries()) {
        writeEvent(memory.view(events + index * EVENT_SIZE, EVENT_SIZE), event);
      }
      memory.setU32(result, happened.length);
    },
  };
}

function waitForAny(subscriptions: readonly Subscription[], interrupt: Context['interrupt']): Event[] {
  const firstClock = Math.min(...subscriptions.map(({ delay }) => delay ?? Number.POSITIVE_INFINITY));
  const watchesDescriptors = subscriptions.some(({ delay }) => delay === undefined);
  const start = performance.now();
  // Clocks count the time that we waited, so that an injected clock that stands still does not stop the guest for ever.
  for (let waited = 0; ; waited = performance.now() - start) {
    const events = subscriptions.flatMap(({ check }) => check(waited) ?? []);
    if (events.length > 0) return events;
    const pause = firstClock - waited;
    interrupt.wait(watchesDescriptors ? Math.min(pause, LONGEST_PAUSE) : pause);
  }
}

/** Layout: userdata u64 | type u8 | at 16, for a clock: id u32, timeout u64 at 24, flags u16 at 40; for a descriptor: fd u32. */
function subscription(context: Context, input: DataView, at: number): Subscription {
  const userdata = input.getBigUint64(at, true);
  const type = input.getUint8(at + 8);
  const event = (errno: number, bytes = 0): Event => ({ userdata, type, errno, bytes });
  try {
    if (type === CLOCK) return clockSubscription(context, input, at + 16, event);
    if (type !== FD_READ && type !== FD_WRITE) throw new WasiError('INVAL');
    const descriptor = context.descriptors.get(input.getUint32(at + 16, true));
    const right = type === FD_READ ? RIGHTS.FD_READ : RIGHTS.FD_WRITE;
    const needed = right | RIGHTS.POLL_FD_READWRITE;
    if ((descriptor.rights & needed) !== needed) throw new WasiError('NOTCAPABLE');
    if (type === FD_WRITE) return { delay: undefined, check: () => event(ERRNO.SUCCESS) };
    return { delay: undefined, check: () => readiness(descriptor.readable(), event) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { delay: undefined, check: () => event(errno) };
  }
}

function readiness(
  bytes: number | undefined,
  event: (errno: number, bytes: number) => Event,
): Event | undefined {
  return bytes === undefined ? undefined : event(ERRNO.SUCCESS, bytes);
}

function clockSubscription(
  { clocks }: Context,
  input: DataView,
  at: number,
  event: (errno: number) => Event,
): Subscription {
  const now = readClock(clocks, input.getUint32(at, true));
  const timeout = input.getBigUint64(at + 8, true);
  const isAbsolute = (input.getUint16(at + 24, true) & ABSOLUTE_TIME) !== 0;
  const delay = Math.max(0, Number(isAbsolute ? timeout - now : timeout) / 1e6);
  return { delay, check: (waited) => (waited >= delay ? event(ERRNO.SUCCESS) : undefined) };
}

/** Layout: userdata u64 | errno u16 | type u8 | at 16: bytes u64 | flags u16. */
function writeEvent(target: DataView, { userdata, errno, type, bytes }: Event): void {
  target.setBigUint64(0, userdata, true);
  target.setUint16(8, errno, true);
  target.setUint8(10, type);
  target.setBigUint64(16, BigInt(bytes), true);
  target.setUint16(24, 0, true);
}
