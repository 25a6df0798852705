/**
 * Chromium, where there is one: for tests of what only a browser can show. Not a test.
 */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';

const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  chromium.executablePath(),
];
export const BROWSER = [process.env.SANDGLASS_CHROMIUM, ...BROWSERS].find((path) => path && existsSync(path));

/** The end of a test's title; says why it is skipped, where it is. */
export const IN_CHROMIUM =
  BROWSER === undefined
    ? 'in Chromium (skipped: no /usr/bin/chromium, no SANDGLASS_CHROMIUM)'
    : 'in Chromium';

export interface ServedFile {
  readonly type: string;
  readonly contents: string | Uint8Array;
}

/** Runs with a browser, and a server of such files by path (`/`: whatever is not there); `url` ends with `/`. */
export async function withBrowser(
  files: Readonly<Record<string, ServedFile>>,
  headers: Readonly<Record<string, string>>,
  run: (browser: Browser, url: string) => Promise<void>,
): Promise<void> {
  const server = await serve(files, headers);
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({ executablePath: BROWSER!, args: ['--no-sandbox'] });
    await run(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    await browser?.close();
    server.close();
  }
}

function serve(
  files: Readonly<Record<string, ServedFile>>,
  headers: Readonly<Record<string, string>>,
): Promise<Server> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? '/'] ?? files['/']!;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', file.type);
    response.end(file.contents);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}
