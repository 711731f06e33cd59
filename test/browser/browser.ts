import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test, { type ImplementationFn } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const CHROMIUM = process.env.CARDGENIUS_TEST_CHROMIUM ?? PLACES.find(path => existsSync(path));
const NO_CHROMIUM =
  'NOT TESTED: THE DASHBOARD IN A BROWSER. There is no Chromium (apt-get install chromium, or CARDGENIUS_TEST_CHROMIUM=path).';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where pictures go, for people to look at; none are taken without it. */
const PICTURES = process.env.CARDGENIUS_PICTURES;

let browser: Browser;

if (CHROMIUM === undefined) {
  console.error(`\n${NO_CHROMIUM}\n`);
  // A job that is there for the browser alone must not be green without one.
  if (process.env.CI) test('there is a Chromium', t => t.fail(NO_CHROMIUM));
} else {
  test.before('open Chromium', async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  });
  test.after.always('close it', () => browser?.close());
}

/** A test in a browser, one after the other; skipped, and said so, where there is none. */
export function inBrowser(title: string, implementation: ImplementationFn<[]>): void {
  if (CHROMIUM === undefined) test.skip(title, implementation);
  else test.serial(title, implementation);
}

export async function openPage(
  url: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Page & AsyncDisposable> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, ...options });
  page.setDefaultTimeout(180_000);
  await page.goto(url);
  return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() });
}

/** So many tabs of one browser, which share its cookies, locks and channels. */
export async function openTabs(url: string, tabs: number): Promise<{ pages: Page[] } & AsyncDisposable> {
  const context = await browser.newContext();
  const pages: Page[] = [];
  for (let i = 0; i < tabs; i++) {
    const page = await context.newPage();
    page.setDefaultTimeout(180_000);
    await page.goto(url);
    pages.push(page);
  }
  return { pages, [Symbol.asyncDispose]: () => context.close() };
}

/** Waits until it says so. */
export const says = (page: Page, selector: string, text: string | RegExp) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();

export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

/** What axe finds in light and in dark. */
export async function violationsInBoth(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await violations(page)).map(what => `${colorScheme}: ${what}`));
  }
  return found;
}

/** What axe finds wrong with a page, in words. The page's own policy would not let axe in by a script element. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' | ')}`);
  });
}

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
