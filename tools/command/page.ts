import type { CommandSpec } from '../../cli/command.js';
import { COMMANDS, GROUPS } from '../../cli/commands.js';
import { EXITS } from '../../cli/exits.js';
import { TARGET_OPTIONS } from '../../cli/server.js';
import { VARIABLES } from '../../cli/variables.js';

const JSON_OPTION = { flags: '--json', means: 'print JSON, errors too' };
const cell = (text: string): string => text.replaceAll('|', '\\|');
const table = (head: readonly [string, string], rows: readonly (readonly [string, string])[]): string =>
  [head, ['---', '---'] as const, ...rows].map(([one, other]) => `| ${one} | ${other} |`).join('\n');
const optionTable = (options: readonly { flags: string; means: string; repeats?: boolean }[]): string =>
  table(
    ['option', 'meaning'],
    options.map(({ flags, means, repeats }) => [`\`${flags}\``, cell(`${means}${repeats ? '; may be repeated' : ''}`)]),
  );

const argumentTable = (args: readonly { name: string; means: string }[]): string =>
  table(
    ['argument', 'meaning'],
    args.map(({ name, means }) => [`\`${name}\``, cell(means)]),
  );

/** Writes the part of docs/command.md that is made of the tables of the command. */
export function commandPage(): string {
  const exits = Object.entries(EXITS).map(([name, { code, means }]) => [`${code}`, `\`${name}\`: ${means}`] as const);
  const variables = Object.entries(VARIABLES).map(([name, means]) => [`\`${name}\``, cell(means)] as const);
  return [
    '## Exit codes',
    table(['code', 'kind and meaning'], exits),
    '## Options of all commands',
    optionTable([JSON_OPTION, ...TARGET_OPTIONS]),
    '## Environment',
    table(['name', 'meaning'], variables),
    '## Commands',
    ...COMMANDS.map(section),
  ].join('\n\n');
}

function section({ name, summary, args = [], options = [], example, json }: CommandSpec): string {
  const words = ['onepush', name, ...(options.length > 0 ? ['[options]'] : []), ...args.map((arg) => arg.name)];
  const group = name.endsWith(' list') ? GROUPS[name.split(' ')[0] ?? ''] : undefined;
  return [
    `### onepush ${name}`,
    `${group === undefined ? '' : `${group}, with the commands that follow. `}${summary}.`,
    `\`\`\`\n${words.join(' ')}\n\`\`\``,
    ...(args.length > 0 ? [argumentTable(args)] : []),
    ...(options.length > 0 ? [optionTable(options)] : []),
    `For example, and what \`--json\` prints:`,
    `\`\`\`sh\n${example}\n\`\`\``,
    `\`\`\`\n${JSON.stringify(json)}\n\`\`\``,
  ].join('\n\n');
}
