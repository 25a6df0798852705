/**
 * Charts as SVG text, drawn by Vega from a description (Vega-Lite). Colours are CSS variables of the page, so that one
 * drawing serves light and dark. What stands around the charts: `html.ts`.
 */
import type { EngineName } from './engines/engine.ts';
import { importPackage } from './packages.ts';
import { type Cell, cellOf, type Row } from './results.ts';
import { median, quantile } from './statistics.ts';
import { ratio } from './summary.ts';

/** The little of the two libraries that is used. */
interface Vega {
  parse(spec: object): object;
  readonly View: new (runtime: object, options: { renderer: 'none' }) => { toSVG(): Promise<string> };
}
interface VegaLite {
  compile(spec: object): { readonly spec: object };
}

const WIDTH = 720;
const BAR = 13;

/** A bar: where it starts is the chart's business. */
interface Bar {
  readonly group: string;
  readonly engine: EngineName;
  readonly value: number;
  /** The quartiles. */
  readonly low: number;
  readonly high: number;
  readonly label: string;
}

const THEME = {
  background: null,
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: 'var(--text)',
    titleColor: 'var(--text)',
    gridColor: 'var(--grid)',
    domainColor: 'var(--grid)',
    tickColor: 'var(--grid)',
    labelFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 260,
    labelPadding: 6,
  },
  legend: { labelColor: 'var(--text)', labelFontSize: 12, orient: 'top', title: null, symbolType: 'square' },
  text: { color: 'var(--text)', fontSize: 10 },
};

/** Ratios to native on a logarithmic scale; native is the line at 1. */
export function ratioChart(rows: readonly Row[], engines: readonly EngineName[]): Promise<string> {
  const shown = engines.filter((engine) => engine !== 'native');
  const bars = rows.flatMap((row) => shown.flatMap((engine) => ratioBar(row, engine)));
  const ends = bars.flatMap(({ low, high }) => [low, high]);
  const domain = [Math.min(0.8, ...ends) * 0.95, Math.max(2, ...ends) * 1.25];
  const scale = { type: 'log', domain, nice: false };
  return draw(bars, shown, { scale, title: 'time, native = 1 (logarithmic)', from: 1 });
}

function ratioBar(row: Row, engine: EngineName): Bar[] {
  const cell = cellOf(row, engine);
  const value = ratio(row, engine);
  if (cell === undefined || cell.outcome === 'absent') return [];
  if (value === undefined)
    return [
      {
        group: row.id,
        engine,
        value: 1,
        low: 1,
        high: 1,
        label: `${engine}: ${cell.outcome === 'ok' ? 'no reference' : cell.outcome}`,
      },
    ];
  const native = median(cellOf(row, 'native')!.times);
  const [low, high] = [0.25, 0.75].map((fraction) => quantile(cell.times, fraction) / native) as [
    number,
    number,
  ];
  return [{ group: row.id, engine, value, low, high, label: value.toFixed(2) }];
}

/** Milliseconds of whole starts. */
export function startupChart(rows: readonly Row[], engines: readonly EngineName[]): Promise<string> {
  const cells = (id: string) =>
    engines.map((engine) => ({ engine, cell: cellOf(rows.find((row) => row.id === id)!, engine) }));
  const has = (id: string) => rows.some((row) => row.id === id);
  const bars = [
    ...(has('startup/cold')
      ? cells('startup/cold').flatMap(({ engine, cell }) => processBar('cold: print(1)', engine, cell))
      : []),
    ...(has('startup/cached')
      ? cells('startup/cached').flatMap(({ engine, cell }) => processBar('cached: print(1)', engine, cell))
      : []),
    ...(has('startup/warm')
      ? cells('startup/warm').flatMap(({ engine, cell }) => warmBars(engine, cell))
      : []),
  ];
  const scale = { type: 'linear', domain: [0, Math.max(...bars.map(({ high }) => high)) * 1.1], nice: false };
  return draw(bars, engines, { scale, title: 'milliseconds', from: 0 });
}

function processBar(group: string, engine: EngineName, cell: Cell | undefined): Bar[] {
  if (cell?.outcome !== 'ok') return [];
  const [low, value, high] = [0.25, 0.5, 0.75].map((fraction) => quantile(cell.times, fraction)) as [
    number,
    number,
    number,
  ];
  return [{ group, engine, value, low, high, label: value.toFixed(0) }];
}

function warmBars(engine: EngineName, cell: Cell | undefined): Bar[] {
  if (cell?.outcome !== 'ok') return [];
  return cell.times.map((value, i) => {
    const group = `warm: instance ${i + 1}`;
    return { group, engine, value, low: value, high: value, label: value.toFixed(0) };
  });
}

interface Measure {
  readonly scale: object;
  readonly title: string;
  /** Where bars begin. */
  readonly from: number;
}

async function draw(
  bars: readonly Bar[],
  engines: readonly EngineName[],
  { scale, title, from }: Measure,
): Promise<string> {
  const shown = engines.filter((engine) => bars.some((bar) => bar.engine === engine));
  const axis = { title, grid: true, tickCount: 8 };
  const x = { field: 'value', type: 'quantitative', scale, axis };
  const spec = {
    // A label stands right of its bar, and right of the line where bars begin.
    data: { values: bars.map((bar) => ({ ...bar, end: Math.max(bar.high, from) })) },
    width: WIDTH,
    height: { step: BAR, for: 'offset' },
    encoding: {
      y: {
        field: 'group',
        type: 'nominal',
        sort: null,
        axis: { title: null, ticks: false, domain: false },
        scale: { paddingInner: 0.25 },
      },
      yOffset: { field: 'engine', sort: shown },
    },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 2 },
        encoding: {
          x,
          x2: { datum: from },
          color: {
            field: 'engine',
            scale: { domain: shown, range: shown.map((engine) => `var(--${engine})`) },
          },
        },
      },
      {
        mark: { type: 'rule', color: 'var(--text)', strokeWidth: 1.5 },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: { x: { ...x, field: 'end' }, text: { field: 'label' } },
      },
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: 'var(--text)' },
        encoding: { x: { datum: from }, y: null, yOffset: null },
      },
    ],
    config: THEME,
  };
  const vegaLite = await importPackage<VegaLite>('vega-lite', 'build/index.js');
  const vega = await importPackage<Vega>('vega', 'build/vega.module.js');
  return new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none' }).toSVG();
}
