/**
 * Options of Node.js with which a process of ours is started.
 *
 * Of a core: thousands of pushes wait for their commit under load. A young generation of the default size is full many
 * times in that while, and each time all that waits is copied; in a larger one it is gone before. An edge keeps next to
 * nothing, and is better off with one that fits a processor's cache.
 */
export const NODE_OPTIONS: Readonly<Record<'core' | 'edge', readonly string[]>> = {
  core: ['--max-semi-space-size=64'],
  edge: [],
};
