import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';
import { freshDatabase } from '../support/stores.js';
import { ATTACKS } from './attacks.js';
import { formatTable, type Row, withTable } from './table.js';
import { tryAttack } from './trial.js';

/** HOSTILE=short: some of the attacks, and less of each. HOSTILE_WRITE=1: the table goes into the page. */
const short = process.env.HOSTILE === 'short';
const seconds = short ? 3 : 10;
const PAGE = join(ROOT, 'docs', 'reliability.md');
const rows: Row[] = [];

afterAll(async () => {
  const table = formatTable(rows);
  console.log(`\n${table}\n${short ? `\nThe short form: ${seconds} s each.\n` : ''}`);
  if (process.env.HOSTILE_WRITE === '1') await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), table));
});

describe.skipIf(process.platform !== 'linux')('a stranger holds nothing up', () => {
  it.each(ATTACKS.filter((attack) => !short || attack.short))('with $name', async (attack) => {
    const database = await freshDatabase('sqlite');
    try {
      const { row, problems } = await tryAttack(attack, database.url, seconds);
      rows.push(row);
      expect(problems).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});
