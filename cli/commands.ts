import type { CommandSpec } from './command.js';
import { deviceCheck } from './commands/device-check.js';
import { send } from './commands/send.js';

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [send, deviceCheck];

/** Summaries of commands that are only the first word of others. */
export const GROUPS: Readonly<Record<string, string>> = {
  apps: 'Manages apps',
  keys: 'Manages the keys of an app',
  channels: "Manages an app's credentials of vendors",
  profile: 'Manages the services that this command knows',
};
