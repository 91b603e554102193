import { setLogger } from '@grpc/grpc-js';
import { describeError, type Logger } from './log.js';

/**
 * Makes log lines of what others write to standard error: Node.js its warnings, and grpc-js its errors. What grpc-js
 * writes besides, where GRPC_TRACE asks for it, is dropped: it has headers, and with them tokens. So is what it says of
 * a header that it does not take.
 */
export function takeForeignLogs(log: Logger): void {
  const drop = (): void => {};
  const take = (text: unknown): void => {
    if (!String(text).startsWith('Failed to add metadata entry')) log.error({ text: String(text) }, 'grpc-js');
  };
  setLogger({ error: take, info: drop, debug: drop });
  // Node.js' own listener is one that prints.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn(describeError(warning), 'Node.js warns'));
}
