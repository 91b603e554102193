import { type DestinationStream, type Logger, pino } from 'pino';
import { OnePushError } from '../errors.js';

export type { Logger };

/** The levels of the log, the finest first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines that wait for whoever reads them, in bytes. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Form of the lines that people read on a terminal. */
export const prettyOptions = { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' };

/** JSON lines on standard output; on a terminal, lines for people. */
export function createLogger(name: string, level: LogLevel): Logger {
  const options = { name, level, base: { pid: process.pid } };
  if (!process.stdout.isTTY) return pino(options, createOutput());
  return pino({
    ...options,
    transport: { target: 'pino-pretty', options: prettyOptions },
  });
}

/**
 * Standard output that is written to at once, and never waited for: whoever reads it may stand still, then lines wait,
 * up to a bound; or be gone, then there are none. Left to itself, pino writes for ever to a pipe that is closed when
 * the process ends, and the process with it.
 */
function createOutput(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true, maxLength: MAX_WAITING_BYTES, retryEAGAIN: () => false });
  output.on('error', () => {});
  output.flushSync = () => {};
  return output;
}

/**
 * Returns the fields of a log line about an error: its kind, code and place. Not its message, unless it is one of ours:
 * those of drivers and parsers repeat what they were given.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error ? error.code : undefined;
  // What is foreseen says all by its code.
  const foreseen = error instanceof OnePushError;
  const frames = foreseen ? undefined : framesOf(error);
  const ours = foreseen || error.name.startsWith('Store') || error.name === 'ConfigError';
  return {
    error: error.name,
    ...(ours ? { message: error.message } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(frames === undefined ? {} : { at: frames }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

function framesOf(error: Error): string[] | undefined {
  const lines = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return lines?.slice(0, 6).map((line) => line.trim());
}
