/** What a guest sees when it was given nothing: its own small tree, and nothing of the host. */
import * as fs from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../../src/python.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('isolation'), () => {
  beforeAll(async () => void (await factory.ready()), PATIENCE_MS);
  afterAll(() => factory.close());

  const run = async (code: string, options: SandboxOptions = {}) =>
    (await factory.createSandbox(options).execute(code)).stdout;

  /** The name of the error that an expression ends with, or its value. */
  const outcome = (expression: string, imports = 'os') =>
    run(`
import ${imports}
try:
    print(repr(${expression}))
except BaseException as error:
    print(type(error).__name__)`);

  describe('paths that lead to the host elsewhere', () => {
    const marker = join(tmpdir(), `sandglass-isolation-${process.pid}`);
    beforeAll(() => fs.writeFileSync(marker, 'of the host'));
    afterAll(() => fs.rmSync(marker));

    test.each([
      '/etc/passwd',
      '/data/../etc/passwd',
      '/data/../../../../../../etc/passwd',
      '//etc/passwd',
      '/./etc/./passwd',
      '/proc/self/environ',
      '/proc/self/fd/0',
      '/proc/1/root/etc/passwd',
      '/sys/kernel/version',
      '/root/.bashrc',
      '/dev/mem',
      '/dev/sda',
      '/dev/tty',
      '/dev/fd/0',
      '/data/%2e%2e/etc/passwd',
      '/data/..%2fetc/passwd',
      '..\\\\..\\\\etc\\\\passwd',
      'C:/Windows/win.ini',
      '~/.ssh/id_rsa',
      'file:///etc/passwd',
      marker,
      `/data/..${marker}`,
    ])('%s', async (path) => {
      for (const expression of [
        `open('${path}').read()`,
        `os.stat('${path}')`,
        `os.open('${path}', os.O_RDONLY)`,
      ])
        expect(await outcome(expression)).toMatch(/^(FileNotFoundError|NotADirectoryError|OSError)$/);
    });

    test.each([
      ["open('/data/a\\0b')", 'ValueError'],
      ["open('/etc/passwd', 'w')", 'FileNotFoundError'],
      ["os.mkdir('/etc')", 'OSError'],
      ["os.symlink('/etc', '/data/etc') or os.listdir('/data/etc')", 'FileNotFoundError'],
      [
        "os.symlink('/', '/data/root') or sorted(os.listdir('/data/root')) == sorted(os.listdir('/'))",
        'True',
      ],
      ["os.rename('/etc/passwd', '/data/x')", 'FileNotFoundError'],
      ["os.rename('/lib', '/data/x')", 'OSError'],
      ["os.link('/etc/passwd', '/data/x')", /Error$/],
      ["os.chroot('/data')", /Error$/],
      ["os.chdir('/data') or os.chdir('../../..') or os.getcwd()", "'/'"],
      ["os.path.realpath('/data/../../x')", "'/x'"],
    ])('%s', async (expression, expected) => {
      expect(await outcome(expression)).toMatch(
        expected instanceof RegExp ? expected : new RegExp(`^${expected}$`),
      );
    });
  });

  test('the whole tree: what Python needs, and no name of the host', async () => {
    expect(await run('import os\nprint(sorted(os.listdir("/")))')).toBe(
      "['data', 'dev', 'lib', 'tmp', 'usr']",
    );
    const everything = await run(`
import os
for folder, folders, files in os.walk('/'):
    if not folder.startswith(('/lib/python3.14', '/usr/share/zoneinfo')):
        print(folder, *files, sep='\\n')`);
    const names = everything.split('\n');
    expect(names).toContain('null');
    expect(names.length).toBeLessThan(20);
    for (const name of fs
      .readdirSync('/')
      .filter((each) => !['dev', 'lib', 'tmp', 'data', 'usr'].includes(each)))
      expect(names).not.toContain(`/${name}`);
  });

  test('globs find nothing of the host', async () => {
    const code =
      "import glob\nprint([p for g in ('/*/*', '/home/*', '/etc/*', '/**/passwd') for p in glob.glob(g)])";
    const found = await run(code);
    expect(found).not.toMatch(/etc|home|passwd|root/);
  });

  test('devices are those that lead nowhere', async () => {
    const code = `
import os
print(sorted(os.listdir('/dev')))
open('/dev/null', 'w').write('x')
print(len(open('/dev/urandom', 'rb').read(16)), repr(open('/dev/null').read()))`;
    const [devices, reads] = (await run(code)).split('\n');
    expect(devices).not.toMatch(/sd|mem|tty|pts|shm/);
    expect(reads).toBe("16 ''");
  });

  describe('the process', () => {
    test('has the environment that it is given, and Python’s own', async () => {
      process.env.SANDGLASS_TEST_SECRET = 'of the host';
      const code = 'import os\nprint(*[f"{k}={v}" for k, v in sorted(os.environ.items())], sep="\\n")';
      const given = (await run(code, { env: { GIVEN: 'yes' } })).split('\n');
      delete process.env.SANDGLASS_TEST_SECRET;
      expect(given).toContain('GIVEN=yes');
      expect(given.join('\n')).not.toMatch(/of the host/);
      const known = /^(GIVEN|PYTHON\w*|HOME|LANG|LC_\w+|PATH|PWD|TZ|USER|LOGNAME|_)=/;
      expect(given.filter((line) => !known.test(line))).toEqual([]);
      const ours = given.find((line) => line.startsWith('PATH='))?.slice(5);
      expect(ours).not.toBe(process.env.PATH);
    });

    test('knows nothing of the machine', async () => {
      const code = `
import os, platform, socket, sys, getpass
def tell(f):
    try: return str(f())
    except BaseException as e: return type(e).__name__
print(tell(platform.node), tell(socket.gethostname), tell(getpass.getuser), tell(os.getlogin), tell(os.getcwd), sys.executable)
print(tell(lambda: os.uname()))`;
      const told = await run(code);
      expect(told).not.toContain(hostname());
      expect(told).not.toContain(process.cwd());
      expect(told).not.toContain(process.execPath);
    });

    test.each([
      ['subprocess.run(["ls"])', 'subprocess'],
      ['subprocess.Popen("ls", shell=True)', 'subprocess'],
      ['os.fork()', 'os'],
      ['os.execv("/bin/sh", ["sh"])', 'os'],
      ['os.kill(1, 9)', 'os'],
      ['multiprocessing.Process(target=print).start()', 'multiprocessing'],
      ['multiprocessing.Pool(2)', 'multiprocessing'],
      ['threading.Thread(target=print).start()', 'threading'],
      ['socket.create_connection(("127.0.0.1", 80), 1)', 'socket'],
      ['socket.getaddrinfo("example.com", 80)', 'socket'],
      ['pty.spawn("sh")', 'pty'],
      ['resource.getrlimit(0)', 'resource'],
    ])('cannot: %s', async (expression, imports) => {
      const code = `try:\n    import ${imports}\n    print(repr(${expression}))\nexcept BaseException as e:\n    print(type(e).__name__)`;
      expect(await run(code)).toMatch(/^\w*(Error|Exception|gaierror|timeout)$/);
    });

    test.each(['ctypes', '_ctypes', 'js', 'pyodide_js', '_pyodide_core', 'pyodide.code', '_sandglass'])(
      'cannot import %s',
      async (name) => {
        expect(await outcome(`importlib.import_module('${name}')`, 'importlib')).toMatch(
          /^(Module|)\w*Error$/,
        );
      },
    );

    test('has nothing to read', async () => {
      expect(await outcome('input()')).toBe('EOFError');
      expect(await outcome('sys.stdin.read()', 'sys')).toBe("''");
      expect(await run('print(input() + input())', { stdin: 'a\nb\n' })).toBe('ab');
    });
  });
});
