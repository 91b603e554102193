import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of the pages; none are made where it is not set. */
const { CONSOLE_SHOTS } = process.env;

/** Window of a computer. */
export const DESKTOP = { viewport: { width: 1280, height: 800 } };
/** Window of a phone. */
export const PHONE = { viewport: { width: 390, height: 844 } };

/** The console in a browser. */
export interface ConsolePage {
  readonly page: Page;
  /** Signs in with an admin token, or with an app's key. */
  signIn(secret: string, appId?: string): Promise<void>;
  /** Goes to a page of the menu, or of an app. */
  visit(name: string): Promise<void>;
  /** Checks the page as it stands: accessible by axe's rules, and no wider than the window. */
  check(name: string): Promise<void>;
  /** Answers the question that is shown with yes. */
  confirm(): Promise<void>;
  /** Closes it; fails if there were errors, exceptions or violations of its policy. */
  close(): Promise<void>;
}

/** Opens the console at an address. */
export async function openConsolePage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
): Promise<ConsolePage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // Chromium reports every 4xx answer; the page shows those itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) faults.push(message.text());
  });
  await page.goto(url);

  return {
    page,
    async signIn(secret, appId = '') {
      if (appId !== '') {
        await page.getByRole('combobox').selectOption('app');
        await page.locator('input').first().fill(appId);
      }
      await page.locator('input[type=password]').fill(secret);
      await page.keyboard.press('Enter');
      await page.getByRole('navigation').waitFor();
    },
    async visit(name) {
      const link = page.getByRole('navigation').getByRole('link', { name, exact: true });
      await link.click();
      await page.locator('[aria-current=page]', { hasText: name }).waitFor();
    },
    async check(name) {
      await page
        .getByText(/^(Loading …|加载中…)$/)
        .first()
        .waitFor({ state: 'detached' });
      // The policy of the page lets no script in; that of the debugger is none of its.
      await page.evaluate(`(() => { ${AXE} })()`);
      const found = await page.evaluate<string[]>(
        `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
          violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
      );
      expect(found, name).toEqual([]);
      const widths = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
      expect(widths[0], `${name} is too wide`).toBeLessThanOrEqual(widths[1]);
      if (CONSOLE_SHOTS !== undefined) {
        await page.screenshot({ path: join(CONSOLE_SHOTS, `${name}.png`), fullPage: true });
      }
    },
    async confirm() {
      await page.getByRole('alertdialog').locator('button').last().click();
      await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    },
    async close() {
      await context.close();
      expect(faults, 'errors, exceptions and violations of the policy').toEqual([]);
    },
  };
}
