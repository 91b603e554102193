import type { CommandSpec } from './command.js';
import { apps } from './commands/apps.js';
import { channels } from './commands/channels.js';
import { completion } from './commands/completion.js';
import { deviceCheck } from './commands/device-check.js';
import { devices } from './commands/devices.js';
import { doctor } from './commands/doctor.js';
import { keys } from './commands/keys.js';
import { listen } from './commands/listen.js';
import { load } from './commands/load.js';
import { migrate } from './commands/migrate.js';
import { profile } from './commands/profile.js';
import { push } from './commands/push.js';
import { send } from './commands/send.js';
import { up } from './commands/up.js';
import { vapid } from './commands/vapid.js';
import { verify } from './commands/verify.js';
import { watch } from './commands/watch.js';
import { webhooks } from './commands/webhooks.js';
import { why } from './commands/why.js';

/** Summaries of commands that are only the first word of others. */
export const GROUPS: Readonly<Record<string, string>> = {
  apps: 'Manages apps',
  keys: 'Manages the keys of an app',
  channels: "Manages an app's credentials of vendors",
  webhooks: 'Manages the webhooks of an app: a back end that is told how deliveries and wakes end',
  profile: 'Manages the services that this command knows',
};

const RUNNING = [up, doctor, migrate, verify, vapid];
const SENDING = [send, push, why, devices, watch, listen, load, deviceCheck];
const MANAGING = [...apps, ...keys, ...channels, ...webhooks, ...profile];
const ALL = [...RUNNING, ...SENDING, ...MANAGING];

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [...ALL, completion(ALL, GROUPS)];
