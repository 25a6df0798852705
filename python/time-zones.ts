/**
 * The time zones of the world for Python's `zoneinfo`, as a directory of TZif files (RFC 8536) that are made when they are first
 * read, out of what `Intl` knows on this host. Nothing of the host's own time zone is told.
 *
 * `Intl` answers one question: the name and offset of a zone at a moment. So a zone's past is sampled, and the moments at which
 * something changes are found by halving. After 2037 the rules of its last years go on, as a POSIX TZ string.
 */
import { MemoryFileSystem } from '../wasi/files/memory-file-system.ts';
import type { Mount } from './emscripten/namespace.ts';
import { OTHER_NAMES } from './time-zone-names.ts';
import { type Period, timeZoneFile } from './tzif.ts';

const MADE = 1_735_689_600_000_000_000n;

let mount: Mount | undefined;

/** One for all interpreters of a thread. */
export function timeZones(): Mount {
  mount ??= { path: '/usr/share/zoneinfo', fileSystem: directory(), root: '/', readOnly: true };
  return mount;
}

function directory(): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem({ now: () => MADE, dev: 4n });
  for (const name of names()) fileSystem.addFile(`/${name}`, () => readZone(name));
  return fileSystem;
}

function names(): Set<string> {
  const others = Object.entries(OTHER_NAMES).flatMap(([first, rest]) =>
    rest
      .trim()
      .split(/\s+/)
      .map((name) => (first === '' ? name : `${first}/${name}`)),
  );
  return new Set([...Intl.supportedValuesOf('timeZone'), ...others]);
}

function readZone(name: string): Uint8Array {
  try {
    return timeZoneFile(periods(name));
  } catch (cause) {
    // A host with less knowledge than usual.
    throw Object.assign(new Error(`EIO: ${name}`, { cause }), { code: 'EIO' });
  }
}

const DAY = 86_400;
/** Changes are found if they are at least so far apart. */
const STEP = 20 * DAY;
const FIRST = Date.UTC(1850, 0, 1) / 1000;
const LAST = Date.UTC(2037, 11, 31) / 1000;

/** From the beginning of time on; the last one lasts. */
function periods(timeZone: string): Period[] {
  const offsets = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const long = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'long' });
  const offsetAt = (time: number) => afterComma(offsets.format(time * 1000));
  const nameAt = (time: number) => afterComma(long.format(time * 1000));
  const changes = changesOf(offsetAt);
  const found = [-Infinity, ...changes].map((from, index) => {
    // At its end: names of long ago are not known.
    const time = (changes[index] ?? LAST) - 1;
    return { from, ...observation(timeZone, offsetAt(time), nameAt(time)) };
  });
  return found.map((period, index) => withSummer(period, found[index - 1], found[index + 1]));
}

/** The seconds at which the answer is another than a second before. */
function changesOf(answer: (time: number) => string): number[] {
  const changes: number[] = [];
  let known = answer(FIRST);
  for (let time = FIRST; time < LAST; time += STEP) {
    const next = Math.min(time + STEP, LAST);
    const then = answer(next);
    for (let from = time; known !== then; known = answer(from)) {
      from = change(answer, from, next);
      changes.push(from);
    }
  }
  return changes;
}

function change(answer: (time: number) => string, before: number, after: number): number {
  const old = answer(before);
  let low = before;
  let high = after;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (answer(middle) === old) low = middle;
    else high = middle;
  }
  return high;
}

/** Where `Intl` has no name for it: some months ahead of what is before and after. */
function withSummer(period: Period, before: Period | undefined, after: Period | undefined): Period {
  if (period.isSummer || before === undefined || after === undefined) return period;
  const isAhead = period.offset > before.offset && before.offset === after.offset;
  return { ...period, isSummer: isAhead && after.from - period.from < 260 * DAY };
}

/** `'1/1/2020, GMT-05:00'` */
function afterComma(text: string): string {
  return text.slice(text.indexOf(', ') + 2);
}

function observation(zone: string, offsetText: string, long: string): Omit<Period, 'from'> {
  const offset = secondsOf(offsetText);
  const isSummer = /Daylight|Summer/.test(long) || (long === 'Irish Standard Time' && offset === 3600);
  const isGreenwich = offset === 0 && /GMT|Greenwich/.test(zone);
  return { offset, isSummer, name: isGreenwich ? 'GMT' : abbreviation(long, isSummer, offset) };
}

/** Of `GMT`, `GMT+5`, `GMT-05:00` or `GMT-04:56:02`. */
function secondsOf(text: string): number {
  const match = /^GMT(?:([+-])(\d+)(?::(\d+))?(?::(\d+))?)?$/.exec(text);
  if (match === null) throw new Error(`an offset that is none: ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/** What people write for a zone's English name: `EST`; where they write nothing, its offset, as the time zone database has it. */
function abbreviation(long: string, isSummer: boolean, offset: number): string {
  const written = WRITTEN[long.replace(/ (Standard|Daylight|Summer)? ?Time$/, '')];
  if (written !== undefined) return isSummer ? (written[1] ?? written[0]) : written[0];
  if (offset % 900 !== 0) return 'LMT';
  const minutes = Math.abs(offset) / 60;
  const two = (number: number) => String(number).padStart(2, '0');
  const hours = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}`;
  return minutes % 60 === 0 ? hours : hours + two(minutes % 60);
}

const WRITTEN: Readonly<Record<string, readonly [standard: string, summer?: string]>> = {
  'Coordinated Universal': ['UTC'],
  'Greenwich Mean': ['GMT'],
  British: ['BST', 'BST'],
  Irish: ['IST', 'IST'],
  'Western European': ['WET', 'WEST'],
  'Central European': ['CET', 'CEST'],
  'Eastern European': ['EET', 'EEST'],
  Moscow: ['MSK', 'MSD'],
  'West Africa': ['WAT', 'WAST'],
  'Central Africa': ['CAT'],
  'East Africa': ['EAT'],
  'South Africa': ['SAST'],
  Israel: ['IST', 'IDT'],
  Pakistan: ['PKT', 'PKST'],
  India: ['IST'],
  'Western Indonesia': ['WIB'],
  'Central Indonesia': ['WITA'],
  'Eastern Indonesia': ['WIT'],
  China: ['CST', 'CDT'],
  Taipei: ['CST', 'CDT'],
  'Hong Kong': ['HKT', 'HKST'],
  Philippine: ['PST', 'PDT'],
  Korean: ['KST', 'KDT'],
  Japan: ['JST', 'JDT'],
  'Australian Western': ['AWST', 'AWDT'],
  'Australian Central': ['ACST', 'ACDT'],
  'Australian Eastern': ['AEST', 'AEDT'],
  'New Zealand': ['NZST', 'NZDT'],
  Newfoundland: ['NST', 'NDT'],
  Atlantic: ['AST', 'ADT'],
  Eastern: ['EST', 'EDT'],
  Central: ['CST', 'CDT'],
  Mountain: ['MST', 'MDT'],
  Pacific: ['PST', 'PDT'],
  Alaska: ['AKST', 'AKDT'],
  'Hawaii-Aleutian': ['HST', 'HDT'],
  'American Samoa': ['SST'],
  Cuba: ['CST', 'CDT'],
  Yukon: ['MST'],
  'Mexican Pacific': ['MST', 'MDT'],
  Chamorro: ['ChST'],
};
