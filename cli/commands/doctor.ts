import type { CommandSpec, Context } from '../command.js';
import type { Check } from '../doctor/check.js';
import { EXITS } from '../exits.js';
import type { Input } from '../input.js';

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** `onepush doctor`. */
export const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'Looks at settings, certificates, ports, database, clock, limits and what is running; says what to do',
  options: [{ flags: '--vendors', means: 'also try whether the hosts of the vendors can be reached' }],
  example: 'onepush doctor',
  json: { checks: [{ name: 'database', level: 'ok', says: 'sqlite 3.45.1 answers' }], warnings: 0, failures: 0 },
  async run(context, input) {
    const checks = await examine(context, input);
    const count = (level: Check['level']): number => checks.filter((check) => check.level === level).length;
    const [warnings, failures] = [count('warn'), count('fail')];
    const rows = checks.map(({ name, level, says, next }) => ({ name, level, says, next: next || undefined }));
    const lines = checks.map((check) => format(check, context));
    context.print(
      { checks: rows, warnings, failures },
      [...lines, `${checks.length} checks: ${counted(warnings, 'warning')}, ${counted(failures, 'failure')}`].join(
        '\n',
      ),
    );
    return failures === 0 ? EXITS.ok.code : EXITS.failed.code;
  },
};

async function examine(context: Context, input: Input): Promise<Check[]> {
  // Loaded here: they know the settings of both processes.
  const { checkLinkToken, checkSettings } = await import('../doctor/settings.js');
  const { checkTls } = await import('../doctor/tls.js');
  const { checkMachine } = await import('../doctor/machine.js');
  const { checkDatabase } = await import('../doctor/database.js');
  const { checkPorts } = await import('../doctor/ports.js');
  const { checkCores } = await import('../doctor/cores.js');
  const { checkVendors } = await import('../doctor/vendors.js');
  const { checkService } = await import('../doctor/service.js');
  const { checks, configs } = checkSettings(context.env);
  const ports = await checkPorts(configs);
  return [
    ...checkMachine(),
    ...checks,
    ...checkLinkToken(context.env, ports),
    ...checkTls(configs),
    ...ports,
    ...(await checkDatabase(context.env)),
    ...(await checkCores(configs, context.env)),
    ...(await checkService(context)),
    ...(input.flag('vendors') ? await checkVendors() : []),
  ];
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function format({ name, level, says, next }: Check, { terminal }: Context): string {
  const mark = terminal.paint(COLOURS[level], level.padEnd(4));
  return `${mark}  ${name}: ${says}${next === '' ? '' : `\n      → ${next}`}`;
}
