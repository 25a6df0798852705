/**
 * Packages: what is recognised, how archives become trees, and that hostile ones are refused by name. The archives are made here,
 * by hand or by the readers' own libraries, so that a test shows what is in them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tarOf } from '../test/support/tar.ts';
import { zipOf } from '../test/support/zip.ts';
import { MAX_FILES } from './archive.ts';
import { loadPackages, type PackageTree, packagePath, packedFiles } from './packages.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-packages-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the guest will find. */
function contents(name: string, bytes: Uint8Array): Record<string, string> {
  const [tree] = loadPackages([{ name, bytes }]) as PackageTree[];
  const whole = Buffer.from(tree!.bytes);
  return Object.fromEntries(
    packedFiles(tree!).map(({ path, start, end }) => [path, whole.toString('utf8', start, end)]),
  );
}

const wheel = (files: Readonly<Record<string, string>>) =>
  contents('a-1-py3-none-any.whl', zipOf(Object.entries(files).map(([name, data]) => ({ name, data }))));
const tarball = (...entries: Parameters<typeof tarOf>[0]) => contents('a.tar.gz', gzipSync(tarOf(entries)));

describe('formats', () => {
  test('a wheel: its packages, and what it keeps in .data/purelib', () => {
    const files = {
      'a/__init__.py': 'V = 1',
      'a-1.dist-info/METADATA': 'Name: a',
      'a-1.data/purelib/b.py': 'B',
    };
    const unpacked = { 'a/__init__.py': 'V = 1', 'a-1.dist-info/METADATA': 'Name: a', 'b.py': 'B' };
    expect(wheel({ ...files, 'a-1.data/scripts/run': '#!' })).toEqual(unpacked);
  });

  test('a .tar.gz of packages, as it is', () => {
    expect(tarball({ name: './a/__init__.py', data: 'V' }, { name: 'b.py', data: '' })).toEqual({
      'a/__init__.py': 'V',
      'b.py': '',
    });
  });

  test.each([
    ['a-1/', { 'b/__init__.py': 'V', PKG_INFO: '' }],
    ['a-1/src/', { 'b/__init__.py': 'V' }],
  ])('a source distribution: what is in %s', (prefix, files) => {
    const entries = Object.entries(files).map(([name, data]) => ({ name: prefix + name, data }));
    const found = tarball({ name: 'a-1/pyproject.toml', data: '[project]' }, ...entries);
    expect(found).toMatchObject(files);
    expect(Object.keys(found).some((path) => path.startsWith('a-1/'))).toBe(false);
  });

  test('names longer than the header has room for', () => {
    const name = `${'d'.repeat(90)}/${'n'.repeat(90)}.py`;
    expect(tarball({ name, data: 'x' })).toEqual({ [name]: 'x' });
  });

  test('a folder stays where it is', () => {
    expect(loadPackages([folder])).toEqual([{ kind: 'folder', hostPath: folder }]);
  });

  test('each package has a place of its own', () => {
    expect([0, 1, 2].map(packagePath)).toEqual(['/site-packages', '/site-packages-1', '/site-packages-2']);
  });
});

describe('hostile archives', () => {
  const zipNames: [name: string, why: RegExp][] = [
    ['../evil.py', /"\.\.\/evil\.py" leads out/],
    ['a/../../evil.py', /leads out/],
    ['/etc/evil.py', /"\/etc\/evil\.py" is absolute/],
    ['C:/evil.py', /is absolute/],
    ['a\\..\\evil.py', /is no plain path/],
    ['a//b.py', /is no plain path/],
    ['a/./b.py', /is no plain path/],
    [`${'x'.repeat(2000)}.py`, /is too long/],
  ];
  test.each(zipNames)('a wheel with %s', (name, why) => {
    expect(() => wheel({ 'ok.py': '', [name]: 'x' })).toThrow(why);
  });

  test.each(zipNames.slice(0, 3))('a .tar.gz with %s', (name, why) => {
    expect(() => tarball({ name: 'ok.py', data: '' }, { name, data: 'x' })).toThrow(why);
  });

  test.each([
    ['2', 'SymbolicLink', '/etc/passwd'],
    ['1', 'Link', '/etc/passwd'],
    ['3', 'CharacterDevice', ''],
    ['6', 'FIFO', ''],
  ])('a .tar.gz with an entry of type %s', (type, what, linkname) => {
    const why = new RegExp(`Failed to open archive 'a.tar.gz': the entry "evil" is a ${what}`);
    expect(() => tarball({ name: 'evil', type, linkname })).toThrow(why);
  });

  test('a wheel with a symlink', () => {
    const link = zipOf([{ name: 'evil', data: '/etc/passwd', mode: 0o120777 }]);
    expect(() => contents('a.whl', link)).toThrow(/"evil" is a link/);
  });

  test('one name for two things', () => {
    expect(() => tarball({ name: 'a.py', data: '1' }, { name: 'a.py', data: '2' })).toThrow(/"a.py" twice/);
    expect(() => tarball({ name: 'a', data: '1' }, { name: 'a/b.py', data: '2' })).toThrow(/"a" twice/);
    expect(() => tarball({ name: 'a/b.py', data: '1' }, { name: 'a', data: '2' })).toThrow(/"a" twice/);
  });

  test('a bomb that says how large it is', () => {
    expect(() => contents('a.whl', zipOf([{ name: 'a.py', data: 'x', size: 2 ** 31 }]))).toThrow(
      /unpacks to more than/,
    );
  });

  test('a bomb that lies about it', () => {
    expect(() =>
      contents('a.whl', zipOf([{ name: 'a.py', data: 'x'.repeat(50_000_000), size: 10 }])),
    ).toThrow(/Failed to open wheel/);
  });

  test('a .tar.gz that unpacks to more than is allowed', () => {
    const pieces = Array.from({ length: 600 }, () => gzipSync(Buffer.alloc(1024 * 1024)));
    expect(() => contents('a.tgz', Buffer.concat(pieces))).toThrow(/Failed to open archive 'a.tgz'/);
  });

  test('compressed twice: the inner bomb is not unpacked', () => {
    expect(() => contents('a.tgz', gzipSync(gzipSync(tarOf([]))))).toThrow(/is compressed twice/);
  });

  test('too many files', () => {
    const entries = Array.from({ length: MAX_FILES + 1 }, (_, i) => ({ name: `f${i}`, data: '' }));
    expect(() => tarball(...entries)).toThrow(/holds more than/);
  });

  test.each([
    ['a.whl', Buffer.from('no zip')],
    ['a.whl', Buffer.alloc(0)],
    ['a.tgz', Buffer.from('no gzip')],
    ['a.tgz', gzipSync(tarOf([{ name: 'a.py', data: 'x'.repeat(3000) }]).subarray(0, 1500))],
    ['a.whl', zipOf([{ name: 'a.py', data: 'abc' }]).fill(0, 36, 38)],
    ['a.whl', zipOf([{ name: 'a.py', data: 'abc', crc: 1 }])],
    ['a.whl', zipOf([{ name: 'a.py', data: 'abc' }]).subarray(20)],
  ])('damage: %s', (name, bytes) => {
    expect(() => contents(name, bytes)).toThrow(/^Failed to open (wheel|archive) 'a\.(whl|tgz)': ./);
  });

  test.each(['a/_speed.cpython-314-wasm32-wasi.so', 'a.pyd', 'lib/libz.so.1'])('native code: %s', (name) => {
    expect(() => wheel({ 'a/__init__.py': '', [name]: '\0asm' })).toThrow(
      `holds a native extension (${name}): only packages of pure Python are supported`,
    );
  });
});

describe('what is no package', () => {
  test('an unknown format', () => {
    const expected = "Cannot detect package format for 'x.zip'. Expected .whl, .tar.gz, or directory.";
    expect(() => loadPackages(['x.zip'])).toThrow(expected);
  });

  test('a file that is not there', () => {
    expect(() => loadPackages(['/nowhere/a.whl'])).toThrow(
      /Failed to open wheel '\/nowhere\/a\.whl': ENOENT/,
    );
  });

  test('a file of a folder that is none', () => {
    mkdirSync(join(folder, 'd'));
    writeFileSync(join(folder, 'd', 'plain'), '');
    expect(() => loadPackages([join(folder, 'd', 'plain')])).toThrow(/Cannot detect package format/);
  });

  test.each([[[1]], [[null]], [[{ name: 'a.whl' }]], ['a.whl']])('%j', (packages) => {
    expect(() => loadPackages(packages)).toThrow(TypeError);
  });
});
