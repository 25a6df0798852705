/**
 * The report as one page that needs nothing else: no script, no request, charts as inline SVG, light or dark as the reader
 * has it.
 */
import { ratioChart, startupChart } from './chart.ts';
import type { EngineName } from './engines/engine.ts';
import { ENGINES } from './engines.ts';
import { type Report, SECTIONS } from './results.ts';
import { heading, remarks, statements } from './summary.ts';
import { meansTable, sectionsOf, sectionTable, type Table } from './tables.ts';

/** Light, dark: told apart by those who see red and green alike, too. */
const COLOURS: Readonly<Record<EngineName, readonly [string, string]>> = {
  native: ['#8a8f98', '#8b919c'],
  metered: ['#1f6feb', '#5b9bff'],
  unmetered: ['#7db4ff', '#2f5fa8'],
  polywasm: ['#e08a1e', '#f0a644'],
  wasm2js: ['#9a5fc4', '#b98be0'],
};

const colours = (scheme: 0 | 1) =>
  Object.entries(COLOURS)
    .map(([engine, pair]) => `--${engine}: ${pair[scheme]};`)
    .join(' ');

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2128; --faint: #59636e; --grid: #d7dce1; --band: #f4f6f8; ${colours(0)} }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171c; --text: #e4e8ee; --faint: #9aa4b0; --grid: #353c46; --band: #1c2128; ${colours(1)} }
}
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.6rem 0 .6rem; }
p { margin: .4rem 0; } .faint { color: var(--faint); } li { margin: .15rem 0; }
svg { max-width: 100%; height: auto; display: block; margin: .6rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
th, td { padding: .22rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; padding-left: .3rem; }
thead th { background: var(--band); font-weight: 600; }
details { margin: .4rem 0; } summary { cursor: pointer; color: var(--faint); }
`;

export async function asHtml(report: Report): Promise<string> {
  const means = meansTable(report);
  const parts = [
    `<h1>Sandglass benchmarks</h1><p class="faint">${escaped(heading(report))}.<br>${escaped(about(report))}</p>`,
    means === undefined ? '' : `<h2>Summary</h2>${tableHtml(means)}`,
    list(statements(report)),
    ...(await Promise.all(sectionsOf(report).map((each) => sectionHtml(each, report)))),
    remarksHtml(report),
    methodHtml(report),
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandglass benchmarks, Node ${escaped(report.node)}</title>
<style>${STYLE}</style>
${parts.filter((part) => part !== '').join('\n')}
</html>
`;
}

async function sectionHtml(
  { section, rows }: ReturnType<typeof sectionsOf>[number],
  { engines }: Report,
): Promise<string> {
  const chart = await (section === 'startup' ? startupChart : ratioChart)(rows, engines);
  const table = tableHtml(sectionTable(section, rows, engines));
  return `<h2>${escaped(SECTIONS[section])}</h2>\n${chart}\n<details><summary>Numbers</summary>${table}</details>`;
}

function remarksHtml(report: Report): string {
  const lines = remarks(report);
  return lines.length === 0 ? '' : `<h2>Wrong, failed, left out</h2>${list(lines)}`;
}

function methodHtml({ engines }: Report): string {
  const used = ENGINES.filter(({ name }) => engines.includes(name));
  return `<h2>How this was measured</h2>
<p>Every program ran once to warm up and then once a round under each engine in turn, so that drift of the machine hits all
alike. A bar is the median of the rounds in relation to native's median; the black line in it reaches from the first quartile
to the third. Every result was compared with native's. C programs share a process; CPython and Ruby have one per engine.</p>
${list(used.map(({ name, summary }) => `${name}: ${summary}`))}`;
}

function about({ date, versions }: Report): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [date.slice(0, 16).replace('T', ' ').concat(' UTC'), ...packages].join(', ');
}

function tableHtml([header, ...body]: Table): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const rows = body.map((cells) => row(cells, 'td')).join('\n');
  return `<div class="wide"><table><thead>${row(header!, 'th')}</thead><tbody>\n${rows}\n</tbody></table></div>`;
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('\n')}</ul>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
