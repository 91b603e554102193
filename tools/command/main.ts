import { readFileSync, writeFileSync } from 'node:fs';
import { commandPage } from './page.js';

/** `node --import tsx tools/command/main.ts`: writes the commands into docs/command.md, between markers. */
const PATH = 'docs/command.md';
const parts = /^([\s\S]*<!-- commands: begin -->\n)[\s\S]*(\n<!-- commands: end -->[\s\S]*)$/.exec(
  readFileSync(PATH, 'utf8'),
);
if (parts === null) throw new Error(`${PATH} has no place for the commands`);
writeFileSync(PATH, `${parts[1]}\n${commandPage()}\n${parts[2]}`);
