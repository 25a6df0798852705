/** The rules that time zones follow after the tables end, as POSIX writes them: what the time zone database says. */
import { expect, test } from 'vitest';
import { timeZones } from './time-zones.ts';

function footer(zone: string): string {
  const { fileSystem } = timeZones();
  const size = Number(fileSystem.lstatSync(`/${zone}`, { bigint: true }).size);
  const bytes = Buffer.alloc(size);
  const fd = fileSystem.openSync(`/${zone}`, 'r');
  fileSystem.readvSync(fd, [bytes], 0);
  fileSystem.closeSync(fd);
  expect(bytes.toString('latin1', 0, 5)).toBe('TZif2');
  return bytes.toString('latin1').split('\n').at(-2)!;
}

test.each([
  ['America/New_York', 'EST5EDT,M3.2.0,M11.1.0'],
  ['Europe/London', 'GMT0BST,M3.5.0/1,M10.5.0'],
  ['Europe/Berlin', 'CET-1CEST,M3.5.0,M10.5.0/3'],
  ['Australia/Sydney', 'AEST-10AEDT,M10.1.0,M4.1.0/3'],
  ['Australia/Lord_Howe', '<+1030>-10:30<+11>-11,M10.1.0,M4.1.0'],
  ['Asia/Tokyo', 'JST-9'],
  ['Asia/Kolkata', 'IST-5:30'],
  ['America/Sao_Paulo', '<-03>3'],
  ['UTC', 'UTC0'],
  ['GMT', 'GMT0'],
])('%s goes on by %s', (zone, rule) => {
  expect(footer(zone)).toBe(rule);
});
