import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  /** As it stands in its address. */
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
}

const OURS = [
  'style.css',
  'run.css',
  'parts.css',
  'app.js',
  'acts.js',
  'charts.js',
  'dom.js',
  'format.js',
  'lists.js',
  'run.js',
  'service.js',
  'stream.js',
  'user.js',
  'verdict.js',
];

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** The files of the page, but for the page itself: ours, and the charts' library as it is installed. */
export function readAssets(): Asset[] {
  const here = fileURLToPath(new URL('./assets/', import.meta.url));
  const charts = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const files = [
    ...OURS.map(name => [name, join(here, name)] as const),
    ['uplot.js', join(charts, 'dist/uPlot.esm.js')] as const,
    ['uplot.css', join(charts, 'dist/uPlot.min.css')] as const,
  ];
  return files.map(([name, path]) => ({ name, type: TYPES[name.split('.').at(-1)!]!, body: readFileSync(path) }));
}

/** The page. `base` is where its files lie as seen from its own address: `./`, or `../` from /runs/12. */
export function readPage(): (base: './' | '../') => string {
  const text = readFileSync(new URL('./assets/index.html', import.meta.url), 'utf8');
  return base => text.replace('<base href="./">', `<base href="${base}">`);
}
