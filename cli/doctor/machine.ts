import { readFileSync } from 'node:fs';
import { findDescriptorLimit } from '../../edge/descriptors.js';
import { type Check, fail, ok, warn } from './check.js';

const OLDEST_NODE = 20;
/** Below this an edge is soon full. */
const FEW_DESCRIPTORS = 10_000;

/** Connections that uWebSockets.js asks the system to hold until they are taken. */
const BACKLOG = 512;

/** The most connections that may wait to be taken by a port; undefined where the system does not say. */
function findBacklog(): number | undefined {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return undefined;
  }
}

function judgeBacklog(backlog: number): Check {
  const says = `${backlog} connections may wait for a port (net.core.somaxconn)`;
  return backlog < BACKLOG
    ? warn('backlog', says, 'More may come at once after a restart: sysctl -w net.core.somaxconn=4096')
    : ok('backlog', says);
}

/** Looks at this machine: Node.js, and what a process may have open, and what may wait. */
export function checkMachine(
  node = process.versions.node,
  limit = findDescriptorLimit(),
  backlog = findBacklog(),
): Check[] {
  const isNew = Number.parseInt(node, 10) >= OLDEST_NODE;
  const checks = [
    isNew ? ok('Node.js', node) : fail('Node.js', `${node} is too old`, `Install Node.js ${OLDEST_NODE} or newer.`),
  ];
  if (backlog !== undefined) checks.push(judgeBacklog(backlog));
  if (limit === undefined) return checks;
  const says = `${limit} files and sockets a process (ulimit -n)`;
  checks.push(
    limit < FEW_DESCRIPTORS
      ? warn('file limit', says, 'Each device takes one on the edge: raise it for more (docs/operations.md).')
      : ok('file limit', says),
  );
  return checks;
}
