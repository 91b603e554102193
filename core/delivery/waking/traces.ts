import type { TraceHeaders } from '../../../common/tracing/tracer.js';
import type { WakeOutcome } from '../../domain/wake.js';
import type { DueWake } from '../../store/store.js';

/** Told of wakes, where pushes are traced. */
export interface WakeTraces {
  /** A wake is handed to its vendor; undefined: it is not traced. `headers`: for a receiver of the operator's own. */
  wake(wake: DueWake): { readonly headers: TraceHeaders; ended(outcome: WakeOutcome): void } | undefined;
}
