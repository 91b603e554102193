import type { ThreadProgram } from '../../../core/channel/host/thread.js';

/** The thread of the vendors from its source, with the scripted vendor. */
export const scriptedProgram: ThreadProgram = {
  program: new URL('thread.mjs', import.meta.url),
  kinds: new URL('scripted-kinds.ts', import.meta.url),
  memoryMb: 64,
};
