import { findDescriptorLimit } from '../../edge/descriptors.js';
import { type Check, fail, ok, warn } from './check.js';

const OLDEST_NODE = 20;
/** Below this an edge is soon full. */
const FEW_DESCRIPTORS = 10_000;

/** Looks at this machine: Node.js, and how many files and sockets a process may have open. */
export function checkMachine(node = process.versions.node, limit = findDescriptorLimit()): Check[] {
  const isNew = Number.parseInt(node, 10) >= OLDEST_NODE;
  const checks = [
    isNew ? ok('Node.js', node) : fail('Node.js', `${node} is too old`, `Install Node.js ${OLDEST_NODE} or newer.`),
  ];
  if (limit === undefined) return checks;
  const says = `${limit} files and sockets a process (ulimit -n)`;
  checks.push(
    limit < FEW_DESCRIPTORS
      ? warn('file limit', says, 'Each device takes one on the edge: raise it for more (docs/operations.md).')
      : ok('file limit', says),
  );
  return checks;
}
