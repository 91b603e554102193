import { type Breaker, createBreaker } from './breaker.js';

/**
 * Circuit breakers of the parts of a channel that answer each for itself, such as the push services of browsers:
 * whoever registers names the service, and one that is silent must not stop the others. Holds those that are in doubt.
 */
export interface PartBreakers {
  /** Returns true if a part takes a message now. */
  admits(part: string): boolean;
  /** A message is handed over to a part. */
  begun(part: string): void;
  /** A part has answered. */
  answered(part: string): void;
  /** A part has not answered. */
  unanswered(part: string): void;
  /** Stops all. */
  stop(): void;
}

/** Number of parts that are remembered: beyond it the one that was in doubt first is forgotten. */
const MAX_PARTS = 1000;

/** Returns breakers that are all closed. @param opened told of why one opens */
export function createPartBreakers(opened: (reason: string) => void): PartBreakers {
  const breakers = new Map<string, Breaker>();

  function forget(part: string): void {
    breakers.get(part)?.stop();
    breakers.delete(part);
  }

  return {
    admits: (part) => (breakers.get(part)?.admits() ?? 1) > 0,
    begun: (part) => breakers.get(part)?.begun(),
    answered(part) {
      const breaker = breakers.get(part);
      breaker?.worked();
      if (breaker?.state().kind === 'closed') forget(part);
    },
    unanswered(part) {
      const known = breakers.get(part);
      const [oldest] = breakers.keys();
      if (known === undefined && oldest !== undefined && breakers.size >= MAX_PARTS) forget(oldest);
      // It has no probe of its own: after a while one message is the trial.
      const breaker = known ?? createBreaker({ probe: async () => ({ kind: 'unsupported' }), opened });
      breakers.set(part, breaker);
      breaker.unanswered();
    },
    stop() {
      for (const part of [...breakers.keys()]) forget(part);
    },
  };
}
