/** Ends of a command, each with its exit code. docs/command.md has the same table. */
export const EXITS = {
  ok: { code: 0, means: 'It is done.' },
  failed: { code: 1, means: 'It was done, and the answer is no; or something went wrong that no other row is for.' },
  usage: { code: 2, means: 'What was asked is not valid: arguments, settings, the profile, fields of a push.' },
  unreachable: { code: 3, means: 'The service or the database cannot be reached, or does not answer in time.' },
  denied: { code: 4, means: 'The key or the token is missing or wrong, or may not do this.' },
  missing: { code: 5, means: 'There is no such app, push, device, key, channel or store.' },
  conflict: { code: 6, means: 'It does not fit with what is there, such as another push with the same key.' },
  limited: { code: 7, means: 'A limit is reached. Try again later.' },
  interrupted: { code: 130, means: 'Ctrl-C, before it was done.' },
} as const;

/** The name of an end, as errors in JSON have it. */
export type Exit = keyof typeof EXITS;
