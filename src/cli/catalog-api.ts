/** `catalog from-api`, `from-answers` and `refresh`: the catalogue from what the CardGenius API answers. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Catalog, loadCatalog } from '../engine/catalog.ts';
import { ApiClient, checkUrl, maskedUrl } from '../tools/api/client.ts';
import { diffCatalogs } from '../tools/catalog/diff.ts';
import type { BuiltCatalog } from '../tools/catalog/from-answers.ts';
import { catalogFromApi, MAX_CALLS } from '../tools/catalog/from-api.ts';
import { catalogFromFolder } from '../tools/catalog/from-folder.ts';
import { type CardRefresh, refreshOf, writeCatalog } from '../tools/catalog/written-catalog.ts';
import { ALLOW_INSECURE_HELP } from './allow-insecure.ts';
import { apiHeaders } from './api-options.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';
import { textTable } from './table.ts';

interface ApiOptions extends CommonOptions {
  readonly url: string;
  readonly headerFile?: string;
  readonly rate: number;
  readonly allowInsecure?: boolean;
}

export function defineCatalogApi(catalog: Command): void {
  const fromApi = apiOptions(catalog.command('from-api'))
    .summary('write a catalogue from the live CardGenius API')
    .description(
      'Asks the API at most 60 times, works out rates, caps, bands, milestones, fees and the value of a point of each card, and compares ' +
        'the result with requests that it did not fit on. A card that is not complete is written as unverified, with what it lacks.',
    )
    .requiredOption('--out <file>', 'where the catalogue is written')
    .option('--keep <folder>', 'keep the answers there, and take those that are kept from it')
    .addHelpText(
      'after',
      '\nExample: cardgenius catalog from-api --url https://api.example.com/calculate --out next.json',
    );
  command<ApiOptions & { readonly out: string; readonly keep?: string }>(fromApi, async (cli, _args, options) => {
    const { built, asked } = await ask(cli, options);
    await writeCatalog(options.out, built.catalog);
    print(cli, built, { out: options.out, calls: asked }, `${asked} calls. `);
  });

  const fromAnswers = catalog
    .command('from-answers')
    .summary('write a catalogue from saved answers, as far as they go')
    .description(
      'The same as from-api from a folder of { "request": …, "response": … }. Some of forty or more are held out.',
    )
    .argument('<folder>', 'the answers')
    .requiredOption('--out <file>', 'where the catalogue is written')
    .addHelpText('after', '\nExample: cardgenius catalog from-answers answers/ --out next.json');
  command<CommonOptions & { readonly out: string }>(fromAnswers, async (cli, [folder], { out }) => {
    const { built, broken } = await catalogFromFolder(folder!, await originOf(cli, `CardGenius answers in ${folder}`));
    for (const { problem } of broken) cli.note(`${problem}. It is passed over.`);
    await writeCatalog(out, built.catalog);
    print(cli, built, { out, broken: broken.length }, '');
  });

  const refresh = apiOptions(catalog.command('refresh'))
    .summary('ask the API again, and show what has changed')
    .description(
      'Asks as from-api does, and shows against the catalogue which cards are new, gone, renamed or changed. The new one is written beside ' +
        'it as FILE.next.json, and takes its place with --yes.',
    )
    .argument('[file]', 'the catalogue (default: the configured one)')
    .option('--yes', 'put the new catalogue in the place of the old one')
    .option('--users <n>', 'generated users to rank under both', wholeNumber(1), 5_000)
    .addHelpText('after', '\nExample: cardgenius catalog refresh --url https://api.example.com/calculate');
  command<ApiOptions & { readonly yes?: boolean; readonly users: number }>(refresh, async (cli, [file], options) => {
    const path = file ?? cli.settings.catalogPath;
    const before = await loadCatalog(path);
    const { built, asked } = await ask(cli, options, before.cards);
    const next = `${path.replace(/\.json$/, '')}.next.json`;
    await writeCatalog(next, built.catalog);
    const { users } = options;
    const { changes: _, ...diff } = await diffCatalogs(path, next, {
      users,
      maxMonthlySpend: cli.settings.maxMonthlySpend,
    });
    const rows = refreshOf(before, built.catalog);
    if (options.yes === true) {
      await rename(next, path);
    }
    const done =
      options.yes === true ? `${path} is replaced.` : `${next} has it; --yes puts it in the place of ${path}.`;
    const result = {
      file: path,
      next: options.yes === true ? null : next,
      replaced: options.yes === true,
      changes: rows,
      diff,
    };
    print(cli, built, { ...result, calls: asked }, [describeRefresh(rows), firsts(diff), done, ''].join('\n\n'));
  });
}

function apiOptions(definition: Command): Command {
  return definition
    .requiredOption('--url <url>', 'the live API')
    .option('--header-file <file>', 'headers for the API, one "Name: value" a line')
    .option('--rate <n>', 'calls a second at most', wholeNumber(1), 2)
    .option('--allow-insecure', ALLOW_INSECURE_HELP);
}

async function ask(cli: Cli, options: ApiOptions & { readonly keep?: string }, known?: Catalog['cards']) {
  const { url, headerFile, rate, keep, allowInsecure } = options;
  checkUrl(url, allowInsecure);
  const client = new ApiClient({
    url,
    headers: await apiHeaders(headerFile),
    callsPerSecond: rate,
    folder: keep,
    maxCalls: MAX_CALLS,
    say: sentence => cli.note(sentence),
  });
  const origin = await originOf(cli, `CardGenius API, ${maskedUrl(url)}`, known);
  return { built: await catalogFromApi(client, origin), asked: client.asked };
}

/** Ids and display names come from the configured catalogue, where there is one. */
async function originOf({ settings }: Cli, source: string, known?: Catalog['cards']) {
  const cards = known ?? (existsSync(settings.catalogPath) ? (await loadCatalog(settings.catalogPath)).cards : []);
  return { day: new Date().toISOString().slice(0, 10), source, known: cards };
}

function print(cli: Cli, built: BuiltCatalog, more: object, before: string): void {
  const { rules, cards, complete, fitted, heldOut } = built;
  if (heldOut === 0)
    cli.note('There were too few answers to hold some out: nothing checks this catalogue. Compare it with parity.');
  cli.print({ ...more, rules, complete, cards, fitted, heldOut }, () => before + describe(built, more));
}

function describe({ rules, cards, complete, fitted, heldOut }: BuiltCatalog, more: { readonly out?: string }): string {
  const rows = cards
    .filter(card => !card.complete || card.remarks.length > 0)
    .flatMap(card => [
      ...card.gaps.map(({ field, why, request }) => [
        card.name,
        'unverified',
        field,
        why,
        request === undefined ? '' : JSON.stringify(request),
      ]),
      ...card.remarks.map(remark => [card.name, 'complete', 'redemption', remark, '']),
    ]);
  const summary =
    `${complete} of ${cards.length} cards are complete, fitted on ${fitted} answers and compared with ${heldOut} others. ` +
    `Milestones count ${rules.milestones === 'all' ? 'all spend' : 'spend where the card earns'}, points are ${rules.whole ? 'whole' : 'exact'}, fees are ${rules.fees === 'with_gst' ? 'with' : 'without'} GST.`;
  const table =
    rows.length === 0
      ? []
      : [textTable(['card', 'status', 'not determined', 'why', 'a request that would tell'], rows)];
  return [
    ...table,
    summary,
    ...(more.out === undefined ? [] : [`Written to ${more.out}. Check it: cardgenius catalog check ${more.out}`]),
  ].join('\n\n');
}

function describeRefresh(rows: readonly CardRefresh[]): string {
  if (rows.length === 0) return 'No card has changed.';
  const lines = rows.flatMap(({ name, what, fields }) =>
    fields.length === 0
      ? [[name, what, '', '', '']]
      : fields.map(({ field, before, after }, i) => [
          i === 0 ? name : '',
          i === 0 ? what : '',
          field,
          short(before),
          short(after),
        ]),
  );
  return textTable(['card', 'what', 'field', 'before', 'after'], lines);
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

const firsts = ({ users, firstCardChanges }: { readonly users: number; readonly firstCardChanges: number }): string =>
  `The first card of ${firstCardChanges} of ${users} generated users changes; cardgenius catalog diff shows more.`;
