import type { Socket } from 'node:net';

/** A head is rarely larger, and so many bytes hold no more than some hundred requests. */
const SLICE_BYTES = 4096;

/**
 * Has Node.js' HTTP server parse what a connection brings in slices, and nothing more once it is closed. By itself it
 * parses all that it has read, thousands of requests in one piece, whatever becomes of their connection meanwhile.
 *
 * @param socket a connection that the server has just begun to listen to
 */
export function parseInSlices(socket: Socket): void {
  const parsers = socket.listeners('data');
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    for (let start = 0; start < chunk.length && !socket.destroyed; start += SLICE_BYTES) {
      const slice = chunk.subarray(start, start + SLICE_BYTES);
      for (const parse of parsers) parse.call(socket, slice);
    }
  });
}
