/** What may be given as a volume, and by which line everything else is refused. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkVolumes } from './volumes.ts';

let home: string;
beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'sandglass-volumes-')));
  mkdirSync(join(home, 'dir'));
  writeFileSync(join(home, 'file'), '');
  symlinkSync('dir', join(home, 'link'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** `~` stands for a folder that has `dir/`, `file` and `link` → `dir`. */
const at = (path: string) => path.replace(/^~/, home);

describe('accepted', () => {
  test.each([
    ['an object', { hostPath: '~/dir', guestPath: '/mnt', readOnly: true }, '~/dir', '/mnt', true],
    ['writable, unless said otherwise', { hostPath: '~/dir', guestPath: '/mnt' }, '~/dir', '/mnt', false],
    ['a tuple', ['~/dir', '/mnt', true], '~/dir', '/mnt', true],
    ['a tuple of two', ['~/dir', '/mnt'], '~/dir', '/mnt', false],
    ['a file, under any name', ['~/file', '/in/config.json'], '~/file', '/in/config.json', false],
    ['a symlink, as where it leads', ['~/link', '/mnt'], '~/dir', '/mnt', false],
    ['a closing slash', ['~/dir/', '/mnt/sub/'], '~/dir', '/mnt/sub', false],
    ["the storage's own place", ['~/dir', '/data'], '~/dir', '/data', false],
  ])('%s', (_, option, hostPath, guestPath, readOnly) => {
    const given = JSON.parse(JSON.stringify(option).replaceAll('~', home)) as unknown;
    expect(checkVolumes([given])).toEqual([{ hostPath: at(hostPath), guestPath, readOnly }]);
  });
});

describe('refused', () => {
  test.each([
    ['~/nothing', '/mnt', /^volumes\[0\]: No such file or directory: ".*nothing"$/],
    ['/dev/null', '/mnt', /^volumes\[0\]: neither a directory nor a regular file: "\/dev\/null"$/],
    ['', '/mnt', /^volumes\[0\]\.hostPath must be a path$/],
    ['~/di\0r', '/mnt', /^volumes\[0\]\.hostPath cannot contain NUL$/],
    ['~/dir', '/m\0nt', /^volumes\[0\]\.guestPath cannot contain NUL$/],
    ['~/dir', 'mnt', /^volumes\[0\]: a guest path must be absolute and without "\.\.", found "mnt"$/],
    ['~/dir', '/mnt/../lib', /must be absolute and without "\.\."/],
    ['~/dir', '/', /^volumes\[0\]: the guest's "\/" cannot be mounted over$/],
    ['~/dir', '//', /cannot be mounted over$/],
    ['~/dir', '/lib', /^volumes\[0\]: reserved for the sandbox itself, found "\/lib"$/],
    ['~/dir', '//lib/x', /reserved/],
    ['~/dir', '/dev/shm', /reserved/],
    ['~/dir', '/site-packages-3', /reserved/],
  ])('%j at %j', (host, guest, message) => {
    expect(() => checkVolumes([[at(host), guest]])).toThrow(message);
  });

  test.each([
    ['no array', '/x', /^volumes must be an array$/],
    ['a string', ['/x:/y'], /^volumes\[0\] must be \{ hostPath, guestPath, readOnly \} or \[/],
    ['too short a tuple', [['/x']], /^volumes\[0\] must be \[hostPath, guestPath, readOnly\]$/],
    ['an unknown key', [{ hostPath: '/', guestPath: '/m', readonly: true }], /unknown option "readonly"$/],
    ['no boolean', [['/', '/m', 'ro']], /^volumes\[0\]\.readOnly must be a boolean$/],
    [
      'one place for two',
      [
        ['/', '/m'],
        ['/', '/m/'],
      ],
      /^volumes\[1\]: "\/m" is mounted twice$/,
    ],
  ])('%s', (_, volumes, message) => {
    expect(() => checkVolumes(volumes)).toThrow(message);
  });
});
