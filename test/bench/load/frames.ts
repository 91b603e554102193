const TEXT = 0x81;
const PING = 0x89;

/** What a stream of a server's WebSocket frames holds. */
export interface FrameListener {
  /** A text frame begins; its payload is from `start` on, `whole` if all of it is in this buffer. */
  message(buffer: Buffer, start: number, whole: boolean): void;
  /** A ping has come; the payload may be overwritten afterwards. */
  ping(payload: Buffer): void;
}

const MAX_HEADER = 10;
const MAX_CONTROL = 125;

/** Walks over frames by their length alone. Hot: one call for each read of each socket. */
export class FrameWalker {
  /** Bytes of the frame under way that are still to come. */
  private left = 0;
  /** A header that a read cut in two. */
  private readonly head = Buffer.alloc(MAX_HEADER);
  private headBytes = 0;
  /** Where what was read ends. */
  private end = 0;
  /** How many bytes of a ping's payload have come; undefined: the frame under way is none. */
  private ping: number | undefined;
  private readonly pingPayload = Buffer.alloc(MAX_CONTROL);

  constructor(private readonly listener: FrameListener) {}

  read(buffer: Buffer, from: number, to: number): void {
    let at = from;
    this.end = to;
    for (;;) {
      const skipped = Math.min(this.left, to - at);
      if (this.ping !== undefined) this.ping += buffer.copy(this.pingPayload, this.ping, at, at + skipped);
      this.left -= skipped;
      at += skipped;
      if (this.ping !== undefined && this.left === 0) {
        this.listener.ping(this.pingPayload.subarray(0, this.ping));
        this.ping = undefined;
      }
      if (at === to) return;
      if (this.headBytes > 0 || to - at < MAX_HEADER) at = this.readHead(buffer, at, to);
      else at = this.begin(buffer, at, buffer, at);
    }
  }

  /** Gathers a header byte by byte; returns where the payload begins, or `to`. */
  private readHead(buffer: Buffer, from: number, to: number): number {
    for (let at = from; at < to; ) {
      this.head[this.headBytes++] = buffer[at++] ?? 0;
      if (this.headBytes >= headerSize(this.head[1] ?? 0) && this.headBytes >= 2) {
        this.headBytes = 0;
        this.begin(this.head, 0, buffer, at);
        return at;
      }
    }
    return to;
  }

  /**
   * Takes up the frame whose header is at `at`; returns where its payload begins. `payload` is known when the header
   * was cut.
   */
  private begin(header: Buffer, at: number, buffer: Buffer, payloadAt: number): number {
    const short = header[at + 1] ?? 0;
    const size = headerSize(short);
    this.left = short < 126 ? short : short === 126 ? header.readUInt16BE(at + 2) : header.readUInt32BE(at + 6);
    const start = header === buffer ? at + size : payloadAt;
    if (header[at] === TEXT) this.listener.message(buffer, start, start + this.left <= this.end);
    else if (header[at] === PING) this.ping = 0;
    return start;
  }
}

function headerSize(short: number): number {
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}
