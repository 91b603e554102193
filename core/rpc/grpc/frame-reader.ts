/** Told of the messages of a stream as their bytes come. */
export interface FrameListener {
  /** A message begins. */
  begun(compressed: boolean, length: number): void;
  /** Bytes of it came, and it is not whole yet. */
  grown(bytes: number): void;
  /** It is whole. */
  ended(): void;
}

const HEAD_BYTES = 5;

/**
 * Follows gRPC's frames (a flag, a length, a message) through the chunks that a stream comes in, and keeps none of
 * them.
 *
 * @returns what takes the chunks, in their order
 */
export function createFrameReader(listener: FrameListener): (chunk: Uint8Array) => void {
  let headSeen = 0;
  let flag = 0;
  let length = 0;
  let missing = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (headSeen < HEAD_BYTES) {
        const byte = chunk[at++] ?? 0;
        if (headSeen++ === 0) flag = byte;
        else length = length * 256 + byte;
        if (headSeen < HEAD_BYTES) continue;
        missing = length;
        listener.begun((flag & 1) !== 0, length);
      } else {
        const taken = Math.min(missing, chunk.length - at);
        at += taken;
        missing -= taken;
        if (missing > 0) listener.grown(taken);
      }
      if (missing > 0) continue;
      headSeen = 0;
      length = 0;
      listener.ended();
    }
  };
}
