import { ConfigError } from './env.js';
import { createLogger, describeError, type Logger } from './log.js';

/** A process that can be started and stopped once. */
export interface Service {
  /** Resolves with the addresses that it listens on. */
  start(): Promise<Record<string, string>>;
  /** Resolves when all that was under way is done. */
  stop(): Promise<void>;
}

/** How long a stop may take beyond what the service plans for, in milliseconds. */
const STOP_GRACE = 5000;

/**
 * Runs a service until SIGTERM or SIGINT: logs `ready` with the addresses, stops in order, exits with 0; with 2 if the
 * settings are wrong, with 1 if it could not start or stop.
 *
 * @param stopSeconds how long the service means to take for stopping
 */
export async function runService(
  name: string,
  build: () => {
    service: Service;
    log: Logger;
    stopSeconds: number;
    /** Tells that the service is ready, where the line `ready` does not. */
    ready?: () => void;
  },
): Promise<void> {
  let log = createLogger(name, 'info');
  try {
    const built = build();
    log = built.log;
    const { service } = built;
    process.on('uncaughtException', (error) => {
      log.fatal(describeError(error), 'uncaught exception');
      process.exit(1);
    });
    const addresses = await service.start();
    if (built.ready !== undefined) {
      built.ready();
    } else {
      log.info(addresses, 'ready');
      // A parent that listens (see local.ts) need not read the log.
      process.send?.(addresses);
    }
    let stopping = false;
    const stop = async (signal: string): Promise<void> => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, 'stopping');
      const limit = setTimeout(
        () => {
          log.error('did not stop in time');
          process.exit(1);
        },
        built.stopSeconds * 1000 + STOP_GRACE,
      );
      try {
        await service.stop();
        clearTimeout(limit);
        log.info('stopped');
        process.exit(0);
      } catch (error) {
        log.error(describeError(error), 'could not stop in order');
        process.exit(1);
      }
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) log.fatal(problem);
      process.exitCode = 2;
    } else {
      log.fatal(
        describeError(error),
        error instanceof Error && error.name.startsWith('Store') ? error.message : 'could not start',
      );
      process.exitCode = 1;
    }
    // Whatever was opened before the failure must not keep the process.
    setImmediate(() => process.exit());
  }
}
