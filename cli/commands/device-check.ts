import type { CommandSpec } from '../command.js';
import { EXITS } from '../exits.js';
import { Failure } from '../failure.js';
import type { Input } from '../input.js';

/** Longest part of what the implementation wrote to its standard error that is told, in UTF-16 code units. */
const MAX_TOLD = 2_000;

/** `onepush device-check`. */
export const deviceCheck: CommandSpec = {
  name: 'device-check',
  summary: 'Acts as a server, and tells what an implementation of the device protocol does wrong',
  options: [
    {
      flags: '--run <command>',
      means: 'a command of the shell that runs it; without it you start and end it yourself',
    },
    { flags: '--listen <host:port>', means: 'where to listen; 127.0.0.1 and any port by default' },
    { flags: '--quick', means: 'leave out what takes minutes' },
    { flags: '--only <scenarios>', means: 'play only these, with commas between them' },
  ],
  example:
    'onepush device-check --quick --run \'node examples/node/receive.mjs "$DEVICE_CHECK_URL" a alice 9999 d.json\'',
  json: {
    passed: true,
    kept: 33,
    broken: 0,
    unknown: 5,
    rules: [{ rule: 'R1', verdict: 'kept', title: '…', detail: '…' }],
  },
  async run({ terminal, print, signal }, input) {
    const { checkDevice, SCENARIOS } = await import('../device-check/check.js');
    const { formatReport, tally } = await import('../device-check/report.js');
    const names = SCENARIOS.map(({ name }) => name);
    const only = input.text('only')?.split(',');
    if (only?.some((name) => !names.includes(name))) {
      throw new Failure('usage', '--only must be names of scenarios', `They are ${names.join(', ')}.`);
    }
    const command = input.text('run');
    let told = '';
    const results = await checkDevice({
      listen: readListen(input),
      command,
      only,
      isQuick: input.flag('quick'),
      signal,
      // A person who starts and ends the app must be told, with --json too.
      say: command === undefined ? (text) => process.stderr.write(`${text}\n`) : terminal.note,
      log: (text) => {
        told = (told + text).slice(-MAX_TOLD);
      },
    });
    const counts = tally(results);
    if (counts.kept === 0 && told !== '') terminal.note(told.trimEnd());
    print({ ...counts, rules: results.map((result) => ({ ...result })) }, formatReport(results));
    return counts.passed ? undefined : EXITS.failed.code;
  },
};

function readListen(input: Input): { host: string; port: number } {
  const value = input.text('listen') ?? '127.0.0.1:0';
  const [, host = '', digits = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value)?.filter(Boolean) ?? [];
  if (host === '' || Number(digits) > 65_535) throw new Failure('usage', '--listen must be such as 127.0.0.1:8099');
  return { host, port: Number(digits) };
}
