import { EventEmitter } from 'node:events';
import { type ClientDuplexStream, Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import type { CoreBatch, EdgeBatch } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { LINK_TOKEN } from '../support/process.js';

type Signal = { to: 'core' | 'edge'; event: string; value?: unknown };

/** Both ends of a link's stream, in memory. What is written waits until it is moved; nothing comes after a cut. */
export interface Wire {
  readonly server: ServerDuplexStream<EdgeBatch, CoreBatch>;
  readonly client: ClientDuplexStream<EdgeBatch, CoreBatch>;
  /** Hands over the oldest message of each direction: how many that were. */
  move(): number;
  /** The stream is gone; what is on its way is lost. Each end has to be told by `notice`. */
  cut(): void;
  notice(end: 'core' | 'edge'): void;
}

/** An end of the stream, as far as the link uses it. */
class End extends EventEmitter {
  readonly metadata = new Metadata();

  constructor(private readonly send: (event: string, value?: unknown) => void) {
    super();
    this.metadata.set('authorization', `Bearer ${LINK_TOKEN}`);
  }

  write(message: unknown, done?: () => void): boolean {
    this.send('data', message);
    done?.();
    return true;
  }

  sendMetadata(metadata: Metadata): void {
    this.send('metadata', metadata);
  }

  end(): void {
    this.send('end');
  }

  destroy(): void {
    this.send('end');
  }
}

export function createWire(): Wire {
  let waiting: Signal[] = [];
  let isCut = false;
  const sender =
    (to: Signal['to']) =>
    (event: string, value?: unknown): void => {
      if (!isCut) waiting.push({ to, event, value });
    };
  const ends = { core: new End(sender('edge')), edge: new End(sender('core')) };

  function moveTo(to: Signal['to']): number {
    const next = waiting.findIndex((signal) => signal.to === to);
    const [signal] = next < 0 ? [] : waiting.splice(next, 1);
    if (signal === undefined) return 0;
    ends[to].emit(signal.event, signal.value);
    return 1;
  }

  return {
    // The link uses of the streams what End has.
    server: ends.core as unknown as Wire['server'],
    client: ends.edge as unknown as Wire['client'],
    move: () => moveTo('core') + moveTo('edge'),
    cut() {
      isCut = true;
      waiting = [];
    },
    notice(end) {
      ends[end].emit(end === 'core' ? 'close' : 'end');
    },
  };
}
