/** Environment variables of the command, which are no settings of the processes. docs/command.md has the same table. */
export const VARIABLES = {
  ONEPUSH_PROFILE: 'The profile, instead of the one of `onepush profile use`.',
  ONEPUSH_SERVER: 'The core: `host:port` of gRPC, or the URL of Connect.',
  ONEPUSH_EDGE: 'The URL of an edge, for `listen`, `load` and `doctor`.',
  ONEPUSH_APP_ID: 'The calling app.',
  ONEPUSH_APP_KEY: 'Its key.',
} as const;
