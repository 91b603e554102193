import type { OnePushClient } from '../client/client.js';
import type { Environment } from '../common/settings/env.js';
import type { Input } from './input.js';
import type { Caller, Target } from './server.js';
import type { Terminal } from './terminal.js';

/** A value that JSON has. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/** The world of a running command. */
export interface Context {
  readonly env: Environment;
  readonly terminal: Terminal;
  /** Prints a result: the value as one line of JSON with `--json`, else the text. */
  print(value: Json, text: string): void;
  /** Has a failure that comes after this say what was done before: a push that was sent must not be sent again. */
  remember(done: { readonly requestId: string }): void;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The service, and the credentials for it. */
  target(): Promise<Target>;
  /** A client that is closed when the command ends. */
  connect(as: Caller): Promise<OnePushClient>;
}

/** An argument, as Commander writes it: `<id>`, `[text]`, `<name...>`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly means: string;
  /** All that it may be, where that is few. */
  readonly choices?: readonly string[];
}

/** An option, as Commander writes it: `--alias <user>`. */
export interface OptionSpec {
  readonly flags: string;
  readonly means: string;
  /** True if it may be given several times. */
  readonly repeats?: boolean;
}

/** One command. Help, completion and docs/command.md are made of it. */
export interface CommandSpec {
  /** Words behind `onepush`, such as `apps list`. */
  readonly name: string;
  readonly summary: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** A command that can be run as it is. */
  readonly example: string;
  /** Output with `--json`: one line, or one a line where it streams. */
  readonly json: Json;
  /** True if it runs until Ctrl-C, which then is a good end. */
  readonly streams?: boolean;
  /** Resolves with the exit code; undefined: 0. */
  run(context: Context, input: Input): Promise<number | undefined>;
}
