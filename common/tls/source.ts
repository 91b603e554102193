import { stat } from 'node:fs/promises';
import { describeError, type Logger } from '../logs/log.js';
import { ConfigError } from '../settings/env.js';
import { loadTls, type TlsFiles, type TlsMaterial } from './material.js';

/** The ports of this process, or the link of an edge to its core, or of a core to its edges. */
export type TlsUse = 'ports' | 'link';

/**
 * The files of one use of TLS, read again when they change and on SIGHUP. Files that cannot be used, and an expired
 * certificate in the place of one that has not, are refused: the last that could be used stay in use, and the log and
 * the metrics say so. What is connected stays connected, and is not looked at again.
 */
export interface TlsSource {
  /** The use. */
  readonly use: TlsUse;
  /** The files. */
  readonly files: TlsFiles;
  /** Returns what is in use. */
  current(): TlsMaterial;
  /** Calls back at each change from now on; what throws refuses it. */
  onChange(apply: (material: TlsMaterial) => void): void;
  /** Reads the files now. */
  reload(): void;
  /** Begins to look for changes. */
  start(): void;
  /** Looks for no more changes. */
  stop(): void;
  /** Numbers of changes that were taken, and that were not. */
  counts(): { loaded: number; refused: number };
}

/**
 * Milliseconds between two looks at the files. A change is read when it is one look old: certificate and key are
 * written one after the other.
 */
const LOOK_INTERVAL = 1000;
/** Before the end of a certificate, when the log begins to warn. */
const WARN_BEFORE_DAYS = 14;
const DAY = 86_400_000;

/** Returns what reads the files of all of these again; undefined: there are none. */
export function toReload(sources: readonly TlsSource[]): (() => void) | undefined {
  if (sources.length === 0) return undefined;
  return () => {
    for (const source of sources) source.reload();
  };
}

/** @throws ConfigError if the files cannot be used */
export function createTlsSource(options: { use: TlsUse; files: TlsFiles; log: Logger; now?: () => number }): TlsSource {
  const { use, files, now = Date.now } = options;
  const log = options.log.child({ component: 'tls', use });
  const appliers: ((material: TlsMaterial) => void)[] = [];
  const paths = [files.cert, files.key, files.ca].flatMap((file) => (file === undefined ? [] : [file.path]));
  let material = loadTls(files);
  const counts = { loaded: 0, refused: 0 };
  /** The state of the files that was read, and the one that the last look saw. */
  let loaded: string | undefined;
  let seen: string | undefined;
  let warnedAt = Number.NEGATIVE_INFINITY;
  let clock: NodeJS.Timeout | undefined;
  warnOfEnd();

  function warnOfEnd(): void {
    if (material.endsAt === undefined || now() - warnedAt < DAY) return;
    const days = Math.floor((material.endsAt - now()) / DAY);
    if (days >= WARN_BEFORE_DAYS) return;
    warnedAt = now();
    if (days < 0) log.error({ days }, 'the certificate has expired');
    else log.warn({ days }, 'the certificate expires soon');
  }

  function reload(): void {
    try {
      const next = loadTls(files);
      if ((next.endsAt ?? now()) < now() && (material.endsAt ?? 0) >= now())
        throw new ConfigError([`${files.cert?.setting} has a certificate that has expired`]);
      for (const apply of appliers) apply(next);
      material = next;
      counts.loaded++;
      warnedAt = Number.NEGATIVE_INFINITY;
      log.info({ until: next.endsAt === undefined ? undefined : new Date(next.endsAt) }, 'TLS files loaded');
    } catch (error) {
      counts.refused++;
      const problem = error instanceof ConfigError ? { problem: error.message } : describeError(error);
      log.error(problem, 'TLS files refused: the last ones stay in use');
    }
    warnOfEnd();
  }

  async function look(): Promise<void> {
    const state = await stateOf(paths);
    loaded ??= state;
    const isSettled = state === seen;
    seen = state;
    if (isSettled && state !== loaded) {
      loaded = state;
      reload();
    }
    warnOfEnd();
  }

  return {
    use,
    files,
    current: () => material,
    onChange: (apply) => appliers.push(apply),
    reload,
    start() {
      const begin = (): void => {
        // One look at a time.
        clock = setTimeout(() => look().then(begin), LOOK_INTERVAL).unref();
      };
      void look();
      begin();
    },
    stop: () => clearTimeout(clock),
    counts: () => counts,
  };
}

/** Changes whenever a file does, or what a link leads to. Never rejects. */
async function stateOf(paths: readonly string[]): Promise<string> {
  const states = paths.map((path) =>
    stat(path).then(
      ({ ino, size, mtimeMs, ctimeMs }) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`,
      () => 'absent',
    ),
  );
  return (await Promise.all(states)).join(', ');
}
