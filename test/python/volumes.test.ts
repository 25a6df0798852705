/**
 * Volumes and packages as guests see them: what a mode allows, that nothing but the volume is reached, and that the host's files are
 * afterwards what they should be. Which options are refused is in python/files/volumes.test.ts and python/packages.test.ts.
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SandboxOptions, VolumeOption } from '../../src/python.ts';
import { zipOf } from '../support/zip.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

/**
 *   dir/file  dir/sub/deep  dir/inside → sub/deep  dir/absolute → secret  dir/above → ../secret  dir/far → ..
 *   one/a.txt  one/b.txt    secret
 */
let home: string;
const at = (path: string) => join(home, path);
beforeEach(() => {
  home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'sandglass-volumes-')));
  fs.mkdirSync(at('dir/sub'), { recursive: true });
  fs.mkdirSync(at('one'));
  for (const path of ['dir/file', 'dir/sub/deep', 'one/a.txt', 'one/b.txt', 'secret'])
    fs.writeFileSync(at(path), path);
  fs.symlinkSync('sub/deep', at('dir/inside'));
  fs.symlinkSync(at('secret'), at('dir/absolute'));
  fs.symlinkSync('../secret', at('dir/above'));
  fs.symlinkSync('..', at('dir/far'));
});
afterEach(() => fs.rmSync(home, { recursive: true }));

/** Every file below, with its content; links as where they lead. */
function treeOf(folder: string): Record<string, string> {
  const paths = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const shown = (path: string) => {
    const stats = fs.lstatSync(path);
    if (stats.isSymbolicLink()) return `→ ${fs.readlinkSync(path)}`;
    return stats.isDirectory() ? 'directory' : `${fs.readFileSync(path, 'utf8')} ${Number(stats.mtimeMs)}`;
  };
  return Object.fromEntries(paths.map((path) => [path, shown(join(folder, path))]));
}

describe.skipIf(withoutPython)(titled('volumes'), () => {
  beforeAll(async () => void (await factory.ready()), PATIENCE_MS);
  afterAll(() => factory.close());

  const run = async (options: SandboxOptions, code: string) =>
    (await factory.createSandbox(options).execute(code)).stdout;
  /** What each expression gives: its value, or the name of its error. */
  async function each(volumes: VolumeOption[], expressions: readonly string[]): Promise<string[]> {
    const code = `
import errno, os, shutil
def outcome(expression):
    try:
        return repr(eval(expression))
    except OSError as error:
        return errno.errorcode.get(error.errno, '?')
for expression in ${JSON.stringify(expressions)}:
    print(outcome(expression))`;
    return (await run({ volumes }, code)).split('\n');
  }

  test('writable: what the guest writes is on the host', async () => {
    const code = `
import os
open('/mnt/new', 'w').write('from the guest')
os.makedirs('/mnt/x/y'); os.rename('/mnt/sub/deep', '/mnt/x/y/z'); os.remove('/mnt/file')
os.symlink('new', '/mnt/link')
print(sorted(os.listdir('/mnt')), open('/mnt/inside').read() if os.path.exists('/mnt/inside') else 'broken')`;
    expect(await run({ volumes: [[at('dir'), '/mnt', false]] }, code)).toContain('broken');
    expect(fs.readFileSync(at('dir/new'), 'utf8')).toBe('from the guest');
    expect(fs.readFileSync(at('dir/x/y/z'), 'utf8')).toBe('dir/sub/deep');
    expect(fs.existsSync(at('dir/file'))).toBe(false);
    expect(fs.readlinkSync(at('dir/link'))).toBe('new');
  });

  const CHANGES = [
    "open('/mnt/file', 'w')",
    "open('/mnt/file', 'a')",
    "open('/mnt/file', 'r+')",
    "open('/mnt/new', 'x')",
    "os.open('/mnt/file', os.O_RDONLY | os.O_TRUNC)",
    "os.open('new', os.O_WRONLY | os.O_CREAT, dir_fd=os.open('/mnt', os.O_RDONLY))",
    "os.truncate('/mnt/file', 0)",
    "os.ftruncate(os.open('/mnt/file', os.O_RDONLY), 0)",
    "os.write(os.open('/mnt/file', os.O_RDONLY), b'x')",
    "os.remove('/mnt/file')",
    "os.rmdir('/mnt/sub')",
    "os.mkdir('/mnt/new')",
    "os.rename('/mnt/file', '/mnt/new')",
    "os.rename('/mnt/file', '/data/stolen')",
    "os.rename('/data/own', '/mnt/new')",
    "os.symlink('file', '/mnt/new')",
    "os.utime('/mnt/file', (1, 1))",
    "os.utime(os.open('/mnt/file', os.O_RDONLY), (1, 1))",
    "os.chmod('/mnt/file', 0o777)",
    "open('/mnt/sub/new', 'w')",
    "open('/mnt/inside', 'w')",
  ];
  test('read-only: no way to change anything', async () => {
    const before = treeOf(at('dir'));
    const outcomes = await each([[at('dir'), '/mnt', true]], ["open('/data/own', 'w').close()", ...CHANGES]);
    const unrefused = CHANGES.filter((_, i) => !/^E?(ROFS|BADF|XDEV|INVAL)$/.test(outcomes[i + 1]!));
    expect(unrefused).toEqual([]);
    expect(treeOf(at('dir'))).toEqual(before);
    expect(
      await each([[at('dir'), '/mnt', true]], ["open('/mnt/file').read()", "open('/mnt/inside').read()"]),
    ).toEqual([...["'dir/file'", "'dir/sub/deep'"]]);
  });

  test('the same, writable: the control that these do change something', async () => {
    const attempts = CHANGES.filter((change) => !/O_RDONLY\), (0|b'x')|O_TRUNC|chmod/.test(change));
    for (const change of attempts) {
      fs.rmSync(at('dir'), { recursive: true });
      fs.mkdirSync(at('dir/sub'), { recursive: true });
      for (const path of ['dir/file', 'dir/sub/deep']) fs.writeFileSync(at(path), path);
      fs.symlinkSync('sub/deep', at('dir/inside'));
      if (change.includes("rmdir('/mnt/sub')")) fs.rmSync(at('dir/sub/deep'));
      const before = treeOf(at('dir'));
      const across = change.includes('/data/');
      const code = `import os\nopen('/data/own', 'w').close()\ntry: ${change}\nexcept OSError: pass`;
      await run({ volumes: [[at('dir'), '/mnt', false]] }, code);
      if (!across && !/ 'a'\)| 'r\+'\)/.test(change))
        expect([change, treeOf(at('dir'))]).not.toEqual([change, before]);
    }
  });

  test('nothing outside is reached, by no path and no link', async () => {
    const attempts = [
      "open('/mnt/absolute').read()",
      "open('/mnt/above').read()",
      "open('/mnt/far/secret').read()",
      "os.listdir('/mnt/far/..')",
      "open('/mnt/../secret').read()",
      "open('/mnt/sub/../../secret').read()",
      `open('/mnt/..${at('secret')}').read()`,
      "os.symlink('/etc', '/mnt/etc')",
      "os.listdir('/mnt/etc')",
      "os.symlink('../secret', '/mnt/planted') or open('/mnt/planted').read()",
      "os.stat('/mnt/above')",
      "open('/mnt/absolute', 'w')",
      "shutil.copy('/mnt/above', '/data/stolen')",
      "os.rename('/mnt/above', '/mnt/sub/above') or open('/mnt/sub/above').read()",
    ];
    const outcomes = await each([[at('dir'), '/mnt', false]], attempts);
    expect(outcomes.filter((outcome) => outcome.includes('secret') || outcome.includes('passwd'))).toEqual(
      [],
    );
    expect(outcomes[3]).toMatch(/^\['|^ENOENT/);
    expect(fs.readFileSync(at('secret'), 'utf8')).toBe('secret');
    expect(fs.existsSync(at('dir/etc'))).toBe(false);
  });

  describe('a single file', () => {
    test('is there under its new name, alone', async () => {
      const seen = await each(
        [[at('one/a.txt'), '/in/config.txt', false]],
        [
          ...["open('/in/config.txt').read()", "os.listdir('/in')", "os.path.exists('/in/b.txt')"],
          ...[
            "open('/in/config.txt/../b.txt').read()",
            "open('/in/new', 'w')",
            "os.listdir('/in/..') == os.listdir('/')",
          ],
          ...["os.remove('/in/config.txt')", "os.rename('/in/config.txt', '/in/x')"],
          ...["open('/in/config.txt', 'a').write(' and more')", "os.path.getsize('/in/config.txt')"],
        ],
      );
      expect(seen).toEqual([
        ...[
          "'one/a.txt'",
          "['config.txt']",
          'False',
          'ENOTDIR',
          'EROFS',
          'True',
          'EBUSY',
          'EBUSY',
          '9',
          '18',
        ],
      ]);
      expect(fs.readFileSync(at('one/a.txt'), 'utf8')).toBe('one/a.txt and more');
      expect(fs.readdirSync(at('one'))).toEqual(['a.txt', 'b.txt']);
    });

    test('read-only', async () => {
      const volumes: VolumeOption[] = [{ hostPath: at('one/a.txt'), guestPath: '/a.txt', readOnly: true }];
      const seen = await each(volumes, ["open('/a.txt').read()", "open('/a.txt', 'w')", "os.listdir('/')"]);
      expect(seen.slice(0, 2)).toEqual(["'one/a.txt'", 'EROFS']);
      expect(seen[2]).toContain("'a.txt'");
      expect(seen[2]).not.toContain('b.txt');
    });
  });

  test('a volume over /data, and one in it', async () => {
    const code = `print(open('/data/file').read(), open('/data/more/a.txt').read())`;
    const volumes: VolumeOption[] = [
      [at('dir'), '/data', true],
      [at('one'), '/data/more', true],
    ];
    expect(await run({ volumes }, code)).toBe('dir/file one/a.txt');
  });

  test('between a volume and memory, files are copied, not renamed', async () => {
    const volumes: VolumeOption[] = [[at('dir'), '/mnt', false]];
    const seen = await each(volumes, [
      ...["os.rename('/mnt/file', '/data/file')", "shutil.move('/mnt/file', '/data/file')"],
      ...["open('/data/file').read()", "os.path.samefile('/data', '/mnt')"],
    ]);
    expect(seen).toEqual(['EXDEV', "'/data/file'", "'dir/file'", 'False']);
    expect(fs.existsSync(at('dir/file'))).toBe(false);
  });

  test('a FIFO does not hang anybody', async () => {
    if (spawnSync('mkfifo', [at('dir/fifo')]).status !== 0) return;
    const sandbox = factory.createSandbox({ volumes: [[at('dir'), '/mnt', false]] });
    const reading = sandbox.execute("print(repr(open('/mnt/fifo').read()))", {
      signal: AbortSignal.timeout(1500),
    });
    await reading.then(
      ({ stdout }) => expect(stdout).toBe("''"),
      (error) => expect(error.name).toBe('CancelledError'),
    );
  });

  test('wrong ones are refused before anything runs', () => {
    const volumes: VolumeOption[] = [[at('nothing'), '/mnt']];
    const message = `volumes[0]: No such file or directory: ${JSON.stringify(at('nothing'))}`;
    expect(() => factory.createSandbox({ volumes })).toThrow(message);
    expect(() => factory.createSession({ volumes })).toThrow(message);
  });

  describe('packages', () => {
    const wheel = (files: Record<string, string>) => ({
      name: 'greet-1-py3-none-any.whl',
      bytes: zipOf(Object.entries(files).map(([name, data]) => ({ name, data }))),
    });
    const GREET = {
      'greet/__init__.py': 'from .words import HELLO\ndef greet(name): return f"{HELLO} {name}"',
      'greet/words.py': 'HELLO = "Hello"',
      'greet/data.txt': 'data',
      'greet-1.dist-info/METADATA': 'Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n',
    };

    test('a wheel and a folder are imported, each from its place, and cannot be changed', async () => {
      fs.mkdirSync(at('lib/other'), { recursive: true });
      fs.writeFileSync(at('lib/other/__init__.py'), 'import greet\nX = greet.greet("folder")');
      const code = `
import greet, other, importlib.metadata, importlib.resources
print(greet.greet('wheel'), other.X, greet.__file__, other.__file__, importlib.metadata.version('greet'))
print(importlib.resources.files('greet').joinpath('data.txt').read_text())
for path in (greet.__file__, '/site-packages/new', other.__file__, '/site-packages-1/new'):
    try: open(path, 'w')
    except OSError as error: print(error.strerror)`;
      const stdout = await run({ packages: [wheel(GREET), at('lib')] }, code);
      expect(stdout.split('\n')).toEqual([
        'Hello wheel Hello folder /site-packages/greet/__init__.py /site-packages-1/other/__init__.py 1.0',
        'data',
        ...Array.from({ length: 4 }, () => 'Read-only file system'),
      ]);
      expect(fs.readdirSync(at('lib/other'))).toEqual(['__init__.py']);
    });

    test('sessions keep them over a reset', async () => {
      const session = factory.createSession({ packages: [wheel(GREET)] });
      expect((await session.execute('import greet\nprint(greet.greet("1"))')).stdout).toBe('Hello 1');
      await session.reset();
      expect((await session.execute('import greet\nprint(greet.greet("2"))')).stdout).toBe('Hello 2');
      await session.close();
    });

    test('who was not given them has none', async () => {
      await expect(run({}, 'import greet')).rejects.toThrow('ModuleNotFoundError');
    });

    test('native extensions are refused', () => {
      const packages = [wheel({ 'fast/_speed.cpython-314-wasm32-wasi.so': '\0asm' })];
      expect(() => factory.createSandbox({ packages })).toThrow('only packages of pure Python are supported');
    });
  });
});
