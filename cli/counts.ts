import type { GetPushResponse } from '../gen/onepush/v1/query_pb.js';

/** Numbers of deliveries by their states, the total first, without those that are 0; undefined: it went to topics. */
export function countsOf({ reach }: Pick<GetPushResponse, 'reach'>): Readonly<Record<string, number>> | undefined {
  if (reach.case !== 'deliveries') return undefined;
  const { targeted, pending, delivered, confirmed, expired, evicted, discarded, recalled, replaced } = reach.value;
  const all = { targeted, pending, delivered, confirmed, expired, evicted, discarded, recalled, replaced };
  return Object.fromEntries(Object.entries(all).filter(([name, count]) => count > 0 || name === 'targeted'));
}

/** The same in words: `3 devices: 2 delivered, 1 pending`. */
export function formatReach({ reach }: Pick<GetPushResponse, 'reach'>): string {
  if (reach.case === 'topics') {
    const { published, confirmed } = reach.value;
    return `to a topic: ${published} devices had it at once${confirmed > 0 ? `, ${confirmed} have confirmed it` : ''}`;
  }
  const { targeted = 0, ...rest } = countsOf({ reach }) ?? {};
  const parts = Object.entries(rest).map(([name, count]) => `${count} ${name}`);
  return `${targeted} device${targeted === 1 ? '' : 's'}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}
