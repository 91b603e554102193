import type { CommandSpec } from '../command.js';
import { completionScript, SHELLS } from '../completion/scripts.js';
import { toEntries } from '../completion/words.js';
import { Failure } from '../failure.js';
import { TARGET_OPTIONS } from '../server.js';

/**
 * `onepush completion`.
 *
 * @param commands all other commands, and the groups that they are in
 */
export function completion(commands: readonly CommandSpec[], groups: Readonly<Record<string, string>>): CommandSpec {
  const own: CommandSpec = {
    name: 'completion',
    summary: 'Prints a script that completes commands and options in a shell',
    args: [{ name: '<shell>', means: SHELLS.join(', '), choices: SHELLS }],
    example: 'eval "$(onepush completion bash)"',
    json: { shell: 'bash', script: '…' },
    async run({ print }, input) {
      const shell = SHELLS.find((name) => name === input.required(0));
      if (shell === undefined) throw new Failure('usage', `the shell must be one of ${SHELLS.join(', ')}`);
      const script = completionScript(shell, toEntries([...commands, own], groups, TARGET_OPTIONS));
      print({ shell, script }, script.trimEnd());
      return undefined;
    },
  };
  return own;
}
