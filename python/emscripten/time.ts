/**
 * Clocks, calendars and sleeping. The guest lives in UTC: the host's time zone is not its business, and times are the same wherever
 * it runs. Calendars are computed here, for `Date` ends in the year 275760.
 */
import { type HostContext, type HostFamily, plainCalls, raiseSignal } from './context.ts';

export function time(context: HostContext): HostFamily {
  return { ...clocks(context), ...plainCalls(calendars(context)) };
}

function clocks(context: HostContext): HostFamily {
  const sleep = new Sleep(context);
  return {
    emscripten_date_now: () => Number(context.clocks.realtime() / 1000n) / 1e3,
    emscripten_get_now: () => sleep.now(),
    // Timers need somebody who looks at the clock meanwhile.
    _setitimer_js: () => -1,
  };
}

/** Longest pause, in milliseconds; what a sleep may be too long. */
const LONGEST_PAUSE = 4;

/**
 * `time.sleep` is a loop in the guest that asks for the time, `emscripten_get_now`, until enough of it has passed; hardly anything
 * else asks for it. So the second and later ones of a row of questions wait a little before they are answered, a sixteenth of
 * what has passed since the first. A signal ends the sleep: time then seems to fly, and Python is told of the signal right away,
 * for it would not ask for a while.
 */
class Sleep {
  readonly #context: HostContext;
  #first = 0;
  #last = -Infinity;

  constructor(context: HostContext) {
    this.#context = context;
  }

  now(): number {
    const now = this.#read();
    const goesOn = now - this.#last < 1;
    if (!goesOn) this.#first = now;
    if (!goesOn || this.#pause((now - this.#first) / 16)) return this.#answer(this.#read());
    raiseSignal(this.#context);
    return this.#answer(Number.MAX_SAFE_INTEGER);
  }

  #answer(now: number): number {
    this.#last = now;
    return now;
  }

  /** Whether no signal came. */
  #pause(milliseconds: number): boolean {
    const { signals, pause } = this.#context;
    if (signals.pending() === 0) pause(Math.min(Math.max(milliseconds, 0.25), LONGEST_PAUSE));
    return signals.pending() === 0;
  }

  #read(): number {
    return Number(this.#context.clocks.monotonic()) / 1e6;
  }
}

function calendars({ memory }: HostContext): HostFamily {
  const utc = (time: bigint, result: number) => writeTime(memory.view(result, 40), Number(time));
  /** Fields out of their range are brought into it. */
  const seconds = (pointer: number) => {
    const fields = memory.view(pointer, 40);
    const time = readTime(fields);
    writeTime(fields, time);
    return BigInt(time);
  };
  return {
    _gmtime_js: utc,
    _localtime_js: utc,
    _timegm_js: seconds,
    _mktime_js: seconds,
    _tzset_js: (zone: number, daylight: number, standardName: number, daylightName: number) => {
      memory.setU32(zone, 0);
      memory.setU32(daylight, 0);
      for (const name of [standardName, daylightName]) memory.bytes(name, 4).set([0x55, 0x54, 0x43, 0]);
    },
  };
}

const DAY = 86_400;
/** From 0000-03-01, where a year of this reckoning begins, to 1970-01-01, in days. */
const EPOCH = 719_468;
const ERA = 146_097;

/** Days from 1970-01-01; the month, from 0, may be any number. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = year + Math.floor((month - 2) / 12);
  const m = (((month - 2) % 12) + 12) % 12;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * m + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA + dayOfEra - EPOCH + day - 1;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + EPOCH;
  const era = Math.floor(shifted / ERA);
  const dayOfEra = shifted - era * ERA;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const month = (m + 2) % 12;
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1,
  };
}

/** The C struct, i32 each: second | minute | hour | day | month from 0 | year − 1900 | day of week, of year | summer | offset. */
function writeTime(fields: DataView, time: number): void {
  const days = Math.floor(time / DAY);
  const rest = time - days * DAY;
  const { year, month, day } = civilFromDays(days);
  const weekday = (((days + 4) % 7) + 7) % 7;
  const clock = [rest % 60, Math.floor(rest / 60) % 60, Math.floor(rest / 3600)];
  const all = [...clock, day, month, year - 1900, weekday, days - daysFromCivil(year, 0, 1), 0, 0];
  for (const [index, field] of all.entries()) fields.setInt32(4 * index, field, true);
}

function readTime(fields: DataView): number {
  const field = (index: number) => fields.getInt32(4 * index, true);
  const days = daysFromCivil(field(5) + 1900, field(4), field(3));
  return days * DAY + field(2) * 3600 + field(1) * 60 + field(0);
}
