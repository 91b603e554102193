import { takeForeignLogs } from './logs/foreign.js';
import { createLogger, describeError, type Logger } from './logs/log.js';
import { ConfigError } from './settings/env.js';
import type { Tracing } from './tracing/tracer.js';

/** A process that can be started and stopped once. */
export interface Service {
  /** Resolves with the addresses that it listens on. */
  start(): Promise<Record<string, string>>;
  /** Resolves when all that was under way is done. */
  stop(): Promise<void>;
  /** Reads again what may change while it runs: on SIGHUP. Absent: there is nothing, and SIGHUP ends the process. */
  reload?: (() => void) | undefined;
}

/** Time that a stop may take beyond what the service plans for, in milliseconds. */
const STOP_GRACE = 5000;

/** Ends the process with the code of shells for SIGTERM. */
const dieOfSigterm = (): never => process.exit(128 + 15);

/** A service that is put together and not started. */
export interface Built {
  /** The service. */
  service: Service;
  /** The log of its process. */
  log: Logger;
  /** Time that the service means to take for stopping, in seconds. */
  stopSeconds: number;
  /** Its traces: what is left of them is exported when it has stopped. Absent: they are off. */
  tracing?: Pick<Tracing, 'stop'> | undefined;
  /** Tells that the service is ready, where the line `ready` does not. */
  ready?: () => void;
}

/**
 * Runs a service until SIGTERM or SIGINT: logs `ready` with the addresses, stops in order, exits with 0; with 2 if the
 * settings are wrong, with 1 if it could not start or stop, or after an exception that nothing caught.
 */
export async function runService(name: string, build: () => Built | Promise<Built>): Promise<void> {
  let log = createLogger(name, 'info');
  try {
    const built = await build();
    log = built.log;
    const { service } = built;
    const stop = createStop(built);
    takeForeignLogs(log);
    // The last resort, of rejections that nobody handles too: what is under way is brought to its end, and the process
    // is not kept.
    process.on('uncaughtException', (error) => {
      log.fatal(describeError(error), 'uncaught exception');
      stop('uncaught exception', 1);
    });
    // A parent that was killed: nobody else would end this process.
    process.once('disconnect', () => stop('the parent is gone', 0));
    // The first process of a container dies of no signal that it does not listen to. There is nothing to bring to its
    // end yet, so it does what others do by default.
    process.once('SIGTERM', dieOfSigterm);
    const addresses = await service.start();
    // Before anybody is told that it is ready, and may stop it.
    process.on('SIGTERM', () => stop('SIGTERM', 0));
    process.on('SIGINT', () => stop('SIGINT', 0));
    process.off('SIGTERM', dieOfSigterm);
    if (service.reload !== undefined) process.on('SIGHUP', service.reload);
    if (built.ready !== undefined) {
      built.ready();
    } else {
      log.info(addresses, 'ready');
      // A parent that listens (see local.ts) need not read the log.
      process.send?.(addresses);
    }
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

/**
 * Returns what stops a service in order, once, and ends the process with a code: 1 if it could not stop; a fault while
 * it stops ends it at once.
 */
function createStop({ service, log, stopSeconds, tracing }: Omit<Built, 'ready'>) {
  let stopping = false;
  return (reason: string, code: number): void => {
    if (stopping) {
      if (code !== 0) process.exit(code);
      return;
    }
    stopping = true;
    log.info({ signal: reason }, 'stopping');
    const late = (): void => {
      log.error('did not stop in time');
      process.exit(1);
    };
    setTimeout(late, stopSeconds * 1000 + STOP_GRACE);
    const stopped = service.stop().then(() => tracing?.stop());
    stopped.then(
      () => {
        log.info('stopped');
        process.exit(code);
      },
      (error: unknown) => {
        log.error(describeError(error), 'could not stop in order');
        process.exit(1);
      },
    );
  };
}
