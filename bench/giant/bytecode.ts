/**
 * Verifies that V8 can optimise whatever we generate: no function's bytecode reaches 60 KiB, in no function of the
 * modules given. Exit status 1 if one does, or cannot be compiled;
 * 2 if the question makes no sense.
 *
 *     node dist/bench/giant/bytecode.js [--unmetered | --limited] python.wasm ruby+stdlib.wasm pyodide.asm.wasm
 *     node dist/bench/giant/bytecode.js --tiers python.wasm
 *
 * The second form runs CPython and tells which tier the regions of its evaluation loop reach: see `tiers.ts`.
 */
import { parseArgs } from 'node:util';
import { load, type Mode } from './emitted.ts';
import { LARGEST, reportText } from './report.ts';
import { confirm, largest, scan, tooLong } from './scan.ts';
import { reportTiers } from './tiers.ts';

const USAGE = 'usage: bytecode.js [--unmetered | --limited] <file.wasm>… or --tiers <python.wasm>';

/** Whether all is well. */
async function verify(file: string, mode: Mode): Promise<boolean> {
  const module = load(file, mode);
  const found = await scan(module, (done) => progress(`${done} functions`));
  progress('confirming by --print-bytecode');
  await confirm(module, largest(found.parts, LARGEST));
  progress('');
  console.log(reportText(file, mode, found));
  return tooLong(found.parts).length === 0 && found.refusals.length === 0;
}

/** A line that is written over. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      unmetered: { type: 'boolean' },
      limited: { type: 'boolean' },
      tiers: { type: 'boolean' },
    },
  });
  const { unmetered, limited, tiers } = values;
  const choices = [unmetered, limited, tiers].filter((each) => each === true).length;
  if (positionals.length === 0 || choices > 1) throw new Error(USAGE);
  const mode = unmetered ? 'unmetered' : limited ? 'limited' : 'metered';
  console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}`);
  for (const file of positionals) {
    const fine = tiers ? await reportTiers(file) : await verify(file, mode);
    if (!fine) process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  console.error(`bytecode.js: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
