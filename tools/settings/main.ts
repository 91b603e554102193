import { readFileSync, writeFileSync } from 'node:fs';
import { FIRST_SETTINGS, settingsTable } from './table.js';

/**
 * `node --import tsx tools/settings/main.ts`: writes the tables of the settings into the pages, between markers: all
 * into operations.md, the first ones into the README.
 */
const PAGES = [
  { path: 'README.md', language: 'en' },
  { path: 'README.zh-CN.md', language: 'zh' },
  { path: 'docs/operations.md', language: 'en' },
  { path: 'docs/operations.zh-CN.md', language: 'zh' },
] as const;

for (const { path, language } of PAGES) {
  const page = readFileSync(path, 'utf8');
  const parts = /^([\s\S]*<!-- settings: begin -->\n)[\s\S]*(\n<!-- settings: end -->[\s\S]*)$/.exec(page);
  if (parts === null) throw new Error(`${path} has no place for the settings`);
  const table = path.startsWith('docs/')
    ? settingsTable(language, '')
    : settingsTable(language, 'docs/', FIRST_SETTINGS);
  writeFileSync(path, `${parts[1]}\n${table}\n${parts[2]}`);
}
