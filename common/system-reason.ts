/** Meanings of the system's errors, for people who set things up. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EAI_AGAIN: 'the host is not known',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EISDIR: 'it is a directory',
  ENOENT: 'there is no such file',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no directory',
  ENOTFOUND: 'the host is not known',
  EMFILE: 'too many files are open',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ETIMEDOUT: 'no answer in time',
};

/**
 * Returns what an error of the system says, with its code: `no permission (EACCES)`; undefined: it is none of the
 * system's.
 */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error && 'errno' in error && 'code' in error)) return undefined;
  const { code } = error;
  if (typeof code !== 'string' || !/^E[A-Z0-9_]+$/.test(code)) return undefined;
  const words = REASONS[code];
  return words === undefined ? code : `${words} (${code})`;
}
