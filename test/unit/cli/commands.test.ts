import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS, GROUPS } from '../../../cli/commands.js';
import { completionScript } from '../../../cli/completion/scripts.js';
import { toEntries } from '../../../cli/completion/words.js';
import { createProgram } from '../../../cli/program.js';
import { TARGET_OPTIONS } from '../../../cli/server.js';

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'exit 0']);
    return true;
  } catch {
    return false;
  }
};

describe('the commands', () => {
  it('have each a name, an example that runs it, and no two are the same', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, example } of COMMANDS) expect(example).toContain(`onepush ${name}`);
    const groups = new Set(names.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0]));
    expect([...groups].toSorted()).toEqual(Object.keys(GROUPS).toSorted());
  });

  it('are all in the help', () => {
    const help = createProgram(async () => {}).helpInformation();
    for (const { name } of COMMANDS) expect(help).toContain(`\n  ${name.split(' ')[0]} `);
  });

  it('take each option once, and none that all commands have', () => {
    const general = ['--json', '--help', '--version', ...TARGET_OPTIONS.map(({ flags }) => flags.split(' ')[0])];
    for (const { options = [] } of COMMANDS) {
      const own = options.map(({ flags }) => flags.split(' ')[0]);
      expect(new Set([...own, ...general]).size).toBe(own.length + general.length);
    }
  });
});

describe('completion', () => {
  const entries = toEntries(COMMANDS, GROUPS, TARGET_OPTIONS);

  it.skipIf(!has('bash'))('completes commands, subcommands and options in bash', () => {
    const complete = (words: readonly string[]): string[] => {
      const script = `${completionScript('bash', entries)}
        COMP_WORDS=(onepush ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
        _onepush; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n');
    };
    expect(complete(['se'])).toEqual(['send']);
    expect(complete([''])).toEqual(expect.arrayContaining(['up', 'apps', 'why', '--json']));
    expect(complete(['apps', ''])).toEqual(expect.arrayContaining(['list', 'create', '--app']));
    expect(complete(['--profile', 'x', 'apps', 'cr'])).toEqual(['create']);
    expect(complete(['send', '--alias', 'alice', '--dr'])).toEqual(['--dry-run']);
    expect(complete(['--profile', 'apps', 'cr'])).toEqual(['']);
    expect(complete(['completion', 'b'])).toEqual(['bash']);
    // A value: bash offers files where there is nothing.
    expect(complete(['send', '--extra', ''])).toEqual(['']);
    expect(complete(['send', '--dry-run', '--ev'])).toEqual(['--everyone']);
    expect(complete(['apps', 'create', 'Shop', '--reg'])).toEqual(['--registration']);
  });

  it.each(['zsh', 'fish'] as const)('has a script that %s can read, where it is there', (shell) => {
    const script = completionScript(shell, entries);
    for (const { name } of COMMANDS) expect(script).toContain(name.split(' ').at(-1));
    if (!has(shell)) return;
    // Not over standard input: fish reads no socket, which is what Node.js gives it.
    const folder = mkdtempSync(join(tmpdir(), 'onepush-completion-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'script');
    writeFileSync(file, script);
    execFileSync(shell, ['-n', file]);
  });
});
