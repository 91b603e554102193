import { Command, CommanderError } from 'commander';
import type { OnePushClient } from '../client/client.js';
import type { Environment } from '../common/settings/env.js';
import { systemReason } from '../common/system-reason.js';
import { VERSION } from '../common/version.js';
import type { CommandSpec, Context } from './command.js';
import { COMMANDS, GROUPS } from './commands.js';
import { EXITS } from './exits.js';
import { Failure, toFailure, toJson } from './failure.js';
import { createInput, type Input } from './input.js';
import { clientOptions, resolveTarget, TARGET_OPTIONS, type Target } from './server.js';
import { createTerminal, type Terminal } from './terminal.js';

/** Runs the command that the arguments name, and resolves with the exit code. */
export async function runCli(argv: readonly string[], env: Environment): Promise<number> {
  const terminal = createTerminal(env, argv.includes('--json'));
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithOutput);
  let exitCode = 0;
  const program = createProgram(async (spec, input) => {
    exitCode = (await runCommand(spec, input, env, terminal)) ?? 0;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = error instanceof CommanderError ? toUsage(error) : toFailure(error);
    report(failure, terminal);
    return EXITS[failure.exit].code;
  }
}

/** Ends where nothing more can be printed: `| head` is fine, a full disk is not. */
function endWithOutput(error: Error): never {
  if ('code' in error && error.code === 'EPIPE') process.exit(EXITS.ok.code);
  // Where standard error is what cannot be written, nobody can be told.
  process.stderr.write(`onepush: the output cannot be written: ${systemReason(error) ?? 'unknown'}\n`);
  process.exit(EXITS.failed.code);
}

/**
 * Makes Commander's program of the table of commands.
 *
 * @param run is called with the command that was chosen
 */
export function createProgram(run: (spec: CommandSpec, input: Input) => Promise<void>): Command {
  const program = new Command('onepush')
    .description('Runs and asks ONE-PUSH.')
    .version(VERSION, '-V, --version', 'print the version')
    .option('--json', 'print JSON, errors too')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} });
  for (const { flags, means } of TARGET_OPTIONS) program.option(flags, means);
  for (const spec of COMMANDS) addCommand(program, spec, run);
  return program;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  run: (spec: CommandSpec, input: Input) => Promise<void>,
): void {
  const words = spec.name.split(' ');
  const last = words.pop() ?? '';
  const parent = words.reduce((above, word) => findGroup(above, word), program);
  const command = parent.command(last).description(spec.summary).copyInheritedSettings(parent);
  for (const { name, means } of spec.args ?? []) command.argument(name, means);
  for (const { flags, means, repeats } of spec.options ?? []) {
    if (repeats === true) command.option(flags, `${means}; may be repeated`, gather);
    else command.option(flags, means);
  }
  command.addHelpText('after', `\nExample:\n  ${spec.example}`);
  command.action(async () => run(spec, createInput(command.processedArgs, command.optsWithGlobals())));
}

const gather = (value: string, earlier: string[] = []): string[] => [...earlier, value];

function findGroup(above: Command, word: string): Command {
  const found = above.commands.find((command) => command.name() === word);
  return (
    found ??
    above
      .command(word)
      .description(GROUPS[word] ?? '')
      .copyInheritedSettings(above)
  );
}

async function runCommand(
  spec: CommandSpec,
  input: Input,
  env: Environment,
  terminal: Terminal,
): Promise<number | undefined> {
  const clients: OnePushClient[] = [];
  const aborted = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => {
      // Whoever presses it twice does not want to wait.
      if (aborted.signal.aborted) process.exit(EXITS.interrupted.code);
      aborted.abort();
      if (spec.streams !== true) reject(new Failure('interrupted', 'interrupted'));
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  interrupted.catch(() => {});
  let resolved: Promise<Target> | undefined;
  let before: { readonly requestId: string } | undefined;
  const target = (): Promise<Target> => {
    resolved ??= resolveTarget(input, env);
    return resolved;
  };
  const context: Context = {
    env,
    terminal,
    print: (value, text) => terminal.out(terminal.isJson ? JSON.stringify(value) : text),
    remember(done) {
      before = done;
    },
    signal: aborted.signal,
    target,
    async connect(as) {
      const options = clientOptions(await target(), as);
      // Loaded only by commands that call the service.
      const { createOnePushClient } = await import('../client/client.js');
      const client = createOnePushClient(options);
      clients.push(client);
      return client;
    },
  };
  try {
    return await Promise.race([spec.run(context, input), interrupted]);
  } catch (error) {
    // What a stream is cut off with by Ctrl-C is its good end.
    if (spec.streams === true && aborted.signal.aborted) return EXITS.ok.code;
    const { exit, message, hint, detail } = toFailure(error);
    throw new Failure(exit, message, hint, { ...detail, ...before });
  } finally {
    terminal.endProgress();
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Commander's own words, without what was typed behind an option's name: it may be a secret. */
function toUsage({ message }: CommanderError): Failure {
  const words = message
    .replace(/^error: /, '')
    .replaceAll(/=[^']*'/g, "'")
    .split('\n');
  return new Failure(
    'usage',
    words.join(' ') === '(outputHelp)' ? 'a command is missing' : words.join(' '),
    'See --help.',
  );
}

function report(failure: Failure, { isJson, out, endProgress }: Terminal): void {
  endProgress();
  const hint = failure.hint === '' ? '' : `. ${failure.hint}`;
  if (isJson) out(JSON.stringify(toJson(failure)));
  else process.stderr.write(`onepush: ${failure.message.replace(/\.$/, '')}${hint}\n`);
}
