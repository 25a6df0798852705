/**
 * Reads a file that lies beside a precompiled one: its data segments. A web page fetches it; Node has no `fetch` for files.
 */

/** By a name in a variable: what bundles files for web pages need not look for it. */
const NODE_FILES = 'node:fs/promises';

interface Files {
  readFile(url: URL): Promise<Uint8Array>;
}

export async function sideFile(url: URL): Promise<Uint8Array> {
  if (url.protocol === 'file:') {
    const { readFile } = (await import(/* @vite-ignore */ NODE_FILES)) as Files;
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
