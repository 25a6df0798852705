/** Writes a time zone as a TZif file, version 2 (RFC 8536): the moments at which something changes, and a rule for what comes later. */

export interface Period {
  /** Seconds since 1970. */
  readonly from: number;
  /** Seconds east of Greenwich. */
  readonly offset: number;
  readonly isSummer: boolean;
  readonly name: string;
}

const HEADER_SIZE = 44;
const DAY = 86_400;
/** So many years show what the rule is: fewer may fit several. */
const YEARS = 11;
const LAST_YEAR = 2037;

/** `periods` begin with one from −Infinity on. */
export function timeZoneFile(periods: readonly Period[]): Uint8Array {
  const kinds = new Map<string, { readonly period: Period; readonly index: number }>();
  for (const period of periods) {
    const key = keyOf(period);
    if (!kinds.has(key)) kinds.set(key, { period, index: kinds.size });
  }
  const names = [...new Set(Array.from(kinds.values(), ({ period }) => period.name))];
  const nameText = names.map((name) => `${name}\0`).join('');
  const changes = periods.slice(1);
  const empty = new DataView(new ArrayBuffer(HEADER_SIZE));
  writeHeader(empty, 0, 0, 0);
  const body = new DataView(
    new ArrayBuffer(HEADER_SIZE + changes.length * 9 + kinds.size * 6 + nameText.length),
  );
  writeHeader(body, changes.length, kinds.size, nameText.length);
  let at = HEADER_SIZE;
  for (const { from } of changes) {
    body.setBigInt64(at, BigInt(from));
    at += 8;
  }
  for (const period of changes) body.setUint8(at++, kinds.get(keyOf(period))!.index);
  for (const { period } of kinds.values()) {
    body.setInt32(at, period.offset);
    body.setUint8(at + 4, period.isSummer ? 1 : 0);
    body.setUint8(at + 5, nameText.indexOf(`${period.name}\0`));
    at += 6;
  }
  const text = new TextEncoder().encode(nameText);
  new Uint8Array(body.buffer).set(text, at);
  const footer = new TextEncoder().encode(`\n${laterRule(periods)}\n`);
  const file = new Uint8Array(empty.byteLength + body.byteLength + footer.length);
  file.set(new Uint8Array(empty.buffer));
  file.set(new Uint8Array(body.buffer), empty.byteLength);
  file.set(footer, empty.byteLength + body.byteLength);
  return file;
}

const keyOf = ({ offset, isSummer, name }: Period) => `${offset} ${isSummer} ${name}`;

/** 'TZif' | version | 15 unused | counts of UT and standard indicators, leap seconds, changes, kinds, characters: u32, big-endian. */
function writeHeader(view: DataView, changes: number, kinds: number, characters: number): void {
  for (const [index, byte] of [0x54, 0x5a, 0x69, 0x66, 0x32].entries()) view.setUint8(index, byte);
  for (const [index, count] of [0, 0, 0, changes, kinds, characters].entries())
    view.setUint32(20 + 4 * index, count);
}

/** As POSIX writes a zone, `EST5EDT,M3.2.0,M11.1.0`, if its last years follow such a rule; else how it ends. */
function laterRule(periods: readonly Period[]): string {
  const last = periods[periods.length - 1]!;
  const plain = `${quoted(last.name)}${posixOffset(last.offset)}`;
  const tail = periods.slice(-2 * YEARS);
  const summer = tail.filter(({ isSummer }) => isSummer);
  const winter = tail.filter(({ isSummer }) => !isSummer);
  const years = (of: readonly Period[]) => of.map((period) => yearOf(period.from, last.offset));
  const isYearly = (of: readonly Period[]) =>
    of.length === YEARS && years(of).every((year, index) => year === LAST_YEAR - YEARS + 1 + index);
  if (tail.length < 2 * YEARS || !isYearly(summer) || !isYearly(winter)) return plain;
  const [inSummer, inWinter] = [summer[0]!, winter[0]!];
  if (new Set(tail.map(keyOf)).size !== 2) return plain;
  const begins = yearlyRule(summer, inWinter.offset);
  const ends = yearlyRule(winter, inSummer.offset);
  if (begins === undefined || ends === undefined) return plain;
  const zone = `${quoted(inWinter.name)}${posixOffset(inWinter.offset)}`;
  // An hour ahead is understood.
  const ahead = inSummer.offset === inWinter.offset + 3600 ? '' : posixOffset(inSummer.offset);
  return `${zone}${quoted(inSummer.name)}${ahead},${begins},${ends}`;
}

const yearOf = (time: number, offset: number) => new Date((time + offset) * 1000).getUTCFullYear();
const quoted = (name: string) => (/^[A-Za-z]+$/.test(name) ? name : `<${name}>`);
/** POSIX counts west of Greenwich. */
const posixOffset = (offset: number) => clock(-offset);

function clock(seconds: number): string {
  const total = Math.abs(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  while (parts.length > 1 && parts[parts.length - 1] === 0) parts.pop();
  const [hours, ...rest] = parts;
  const text = [String(hours), ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
  return seconds < 0 ? `-${text}` : text;
}

/**
 * `M3.2.0/2`: the second Sunday of March at two, by the clock that is in force before; 5 is the last one. Some rules are of a
 * neighbouring day: "on Saturday at 24:00" is no rule of Sundays.
 */
function yearlyRule(changes: readonly Period[], offsetBefore: number): string | undefined {
  const local = changes.map(({ from }) => from + offsetBefore);
  for (const shift of [0, -1, 1]) {
    const rule = ruleOf(local.map((time) => [Math.floor(time / DAY) + shift, (time % DAY) - shift * DAY]));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** Of pairs of a day since 1970 and seconds from its midnight on. */
function ruleOf(moments: readonly (readonly [day: number, time: number])[]): string | undefined {
  const dates = moments.map(([day]) => new Date(day * DAY * 1000));
  const months = new Set(dates.map((date) => date.getUTCMonth()));
  const weekdays = new Set(dates.map((date) => date.getUTCDay()));
  const times = new Set(moments.map(([, time]) => time));
  if (months.size !== 1 || weekdays.size !== 1 || times.size !== 1) return undefined;
  const weeks = new Set(dates.map((date) => Math.ceil(date.getUTCDate() / 7)));
  const isLast = dates.every((date) => date.getUTCDate() + 7 > daysIn(date));
  if (!isLast && weeks.size !== 1) return undefined;
  const [[month], [weekday], [time], [week]] = [[...months], [...weekdays], [...times], [...weeks]];
  const at = time === 7200 ? '' : `/${clock(time!)}`;
  return `M${month! + 1}.${isLast ? 5 : week}.${weekday}${at}`;
}

const daysIn = (date: Date) =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
