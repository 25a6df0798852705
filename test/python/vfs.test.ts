/**
 * The files of a guest: `/data` of sandboxes and sessions, its quota, SQLite on it, and what several sessions see of one storage.
 * The host's side of a storage is in python/files/vfs-storage.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { VfsStorage } from '../../src/python.ts';
import { factory, outputOf, sessionsOfTests, titled, withoutPython } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('files in memory'), () => {
  const open = sessionsOfTests();

  describe('of a session', () => {
    test('writing, reading in the next run, appending, deleting', async () => {
      const session = open();
      await session.execute('open("/data/a", "w").write("first ")');
      await session.execute('with open("/data/a", "a") as f: f.write("second")');
      expect(await outputOf(session, 'print(open("/data/a").read())')).toBe('first second');
      await session.execute('import os\nos.remove("/data/a")');
      await expect(session.execute('open("/data/a")')).rejects.toThrow('FileNotFoundError');
    });

    test('pathlib, bytes, directories', async () => {
      const session = open();
      const code = `
from pathlib import Path
import os, shutil, tempfile
p = Path('/data/a/b'); p.mkdir(parents=True)
(p / 'bytes').write_bytes(bytes(range(256)))
shutil.copytree('/data/a', '/data/c'); shutil.move('/data/c', '/data/d')
os.symlink('b/bytes', '/data/a/link')
os.replace('/data/d/b/bytes', '/data/d/b/renamed')
with tempfile.NamedTemporaryFile(dir='/data') as t: t.write(b'x')
print(sorted(str(p.relative_to('/data')) for p in Path('/data').rglob('*')))
print(Path('/data/a/link').read_bytes() == bytes(range(256)), os.path.getsize('/data/d/b/renamed'))`;
      const found = "['a', 'a/b', 'a/b/bytes', 'a/link', 'd', 'd/b', 'd/b/renamed']";
      expect(await outputOf(session, code)).toBe(`${found}\nTrue 256`);
    });

    test('survive a reset, a time-out that ends badly, and are there for the host', async () => {
      const session = open({ executionTimeoutMs: 10_000 });
      await session.execute('open("/data/kept", "w").write("kept")');
      session.vfs.writeFile('/given', 'by the host');
      await session.reset();
      expect(await outputOf(session, 'print(open("/data/kept").read(), open("/data/given").read())')).toBe(
        'kept by the host',
      );
      const stubborn =
        'import re\nf = open("/data/half", "w")\nf.write("x")\nf.flush()\nre.match("(a+)+$", "a" * 50 + "b")';
      const stopped = session.execute(stubborn, { resourceLimits: { executionTimeoutMs: 200 } });
      await expect(stopped).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(session.vfs.list()).toEqual(['given', 'half', 'kept']);
      expect(await outputOf(session, 'import os\nprint(sorted(os.listdir("/data")))')).toBe(
        "['given', 'half', 'kept']",
      );
    });

    test('a name of another sort', async () => {
      const session = open({ vfsMountPath: '/work/files' });
      await session.execute('open("/work/files/ä €.txt", "w").write("x")');
      expect([session.vfs.list(), session.vfsMountPath]).toEqual([['ä €.txt'], '/work/files']);
      await expect(session.execute('open("/data/x", "w")')).rejects.toThrow('FileNotFoundError');
    });
  });

  describe('of a storage that is shared', () => {
    test('each session sees what the others write, at once', async () => {
      const vfs = new VfsStorage();
      const [a, b, other] = [open({ vfs }), open({ vfs }), open()];
      await a.execute('f = open("/data/a", "w")\nf.write("from a")\nf.flush()');
      expect(await outputOf(b, 'print(open("/data/a").read())')).toBe('from a');
      await b.execute('import os\nos.rename("/data/a", "/data/b")');
      await a.execute('f.write(", more")\nf.close()');
      expect(vfs.readFile('/b', 'utf8')).toBe('from a, more');
      expect(await outputOf(other, 'import os\nprint(os.listdir("/data"))')).toBe('[]');
    });

    test('two sessions at the same time', async () => {
      const vfs = new VfsStorage();
      const write = (name: string) =>
        open({ vfs }).execute(`
for i in range(100):
    with open("/data/log", "a") as f: f.write("${name}")
open("/data/${name}", "w").write("done")`);
      await Promise.all([write('x'), write('y')]);
      const log = vfs.readFile('/log', 'utf8');
      expect([...log].sort().join('')).toBe('x'.repeat(100) + 'y'.repeat(100));
      expect(vfs.list()).toEqual(['log', 'x', 'y']);
    });

    test('sandboxes, too', async () => {
      const vfs = new VfsStorage();
      const sandbox = factory.createSandbox({ vfs });
      await sandbox.execute('open("/data/a", "w").write("1")');
      expect((await sandbox.execute('print(open("/data/a").read())')).stdout).toBe('1');
    });
  });

  test('a sandbox without one has new files in each run', async () => {
    const sandbox = factory.createSandbox();
    await sandbox.execute('open("/data/a", "w").write("1")');
    expect((await sandbox.execute('import os\nprint(os.listdir("/data"))')).stdout).toBe('[]');
  });

  describe('the quota', () => {
    const trying = (statement: string) => `
import errno, os
try:
    ${statement}
except OSError as error:
    print(errno.errorcode[error.errno])
else:
    print('no error')`;
    const BEYOND = 64 * 1024 * 1024;
    const ATTEMPTS: [string, string][] = [
      ['a hole', `f = open("/data/a", "wb"); f.seek(${BEYOND}); f.write(b"x"); f.close()`],
      ['truncate', `open("/data/a", "wb").truncate(${BEYOND + 1})`],
      [
        'many pieces',
        'f = open("/data/a", "wb")\n    for _ in range(65): f.write(bytes(1 << 20))\n    f.close()',
      ],
      ['os.pwrite', `os.pwrite(os.open("/data/a", os.O_RDWR | os.O_CREAT), b"x", ${2 ** 40})`],
    ];
    test.each(ATTEMPTS)('%s beyond 64 MiB: ENOSPC', async (_, statement) => {
      expect(await outputOf(open(), trying(statement))).toBe('ENOSPC');
      const { stdout } = await factory.createSandbox().execute(trying(statement));
      expect(stdout).toBe('ENOSPC');
    });

    test('a hole within it is as large as it looks', async () => {
      const code = 'f = open("/data/a", "wb"); f.seek(1024); f.write(b"x"); f.close()';
      expect(await outputOf(open(), `${code}\nimport os; print(os.path.getsize("/data/a"))`)).toBe('1025');
    });

    test('is set by maxVfsBytes, or by the storage', async () => {
      const code = trying('f = open("/data/a", "wb"); f.write(bytes(1001)); f.close()');
      const resourceLimits = { maxVfsBytes: 1000 };
      expect((await factory.createSandbox({ resourceLimits }).execute(code)).stdout).toBe('ENOSPC');
      expect(await outputOf(open({ resourceLimits }), code)).toBe('ENOSPC');
      expect(await outputOf(open({ vfs: new VfsStorage({ maxBytes: 1000 }) }), code)).toBe('ENOSPC');
      expect(await outputOf(open({ resourceLimits: { maxVfsBytes: 1001 } }), code)).toBe('no error');
    });

    test('what is deleted gives room; names are counted, too', async () => {
      const session = open({ vfs: new VfsStorage({ maxBytes: 1000, maxEntries: 10 }) });
      const fill = 'f = open("/data/a", "wb"); f.write(bytes(1000)); f.close(); os.remove("/data/a")';
      expect(await outputOf(session, trying(`[exec(${JSON.stringify(fill)}) for _ in range(50)]`))).toBe(
        'no error',
      );
      expect(await outputOf(session, trying('[os.mkdir(f"/data/{i}") for i in range(11)]'))).toBe('ENOSPC');
    });
  });

  describe('SQLite', () => {
    const CREATE = `
import sqlite3
db = sqlite3.connect('/data/x.db')
db.execute('create table t (a)')
db.execute('insert into t values (1)')
db.commit()
`;
    const COUNT = `
import sqlite3
print(sqlite3.connect('/data/x.db').execute('select count(*), sum(a) from t').fetchone())`;

    test('persists over a reset', async () => {
      const session = open();
      await session.execute(CREATE);
      await session.reset();
      expect(await outputOf(session, COUNT)).toBe('(1, 1)');
    });

    test('rolls back', async () => {
      const session = open();
      await session.execute(`${CREATE}db.execute('insert into t values (2)')\ndb.rollback()\ndb.close()`);
      expect(await outputOf(session, COUNT)).toBe('(1, 1)');
    });

    test('recovers what a killed run had begun', async () => {
      const session = open();
      await session.execute(`${CREATE}db.close()`);
      const endless = `
import sqlite3
db = sqlite3.connect('/data/x.db', isolation_level=None)
db.execute('pragma cache_size = 1')
db.execute('begin')
db.executemany('insert into t values (?)', [(5,)] * 5000)
while True: pass`;
      const limited = { resourceLimits: { executionTimeoutMs: 1500 } };
      await expect(session.execute(endless, limited)).rejects.toMatchObject({ name: 'TimeoutError' });
      await session.reset();
      expect(await outputOf(session, COUNT)).toBe('(1, 1)');
    });

    test('is seen by another session', async () => {
      const vfs = new VfsStorage();
      await open({ vfs }).execute(CREATE);
      expect(await outputOf(open({ vfs }), COUNT)).toBe('(1, 1)');
    });
  });
});
