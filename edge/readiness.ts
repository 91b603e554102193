import { create } from '@bufbuild/protobuf';
import type { CheckReadiness } from '../common/http/server.js';
import type { CoreLink } from './link/client.js';
import { CheckReadinessRequestSchema } from './link/wire.js';

/** The core is asked at most so often, in milliseconds, however many ask. */
const LOOK_INTERVAL = 1000;

/** Finds out why this edge cannot serve sends now: no core is attached, or that core cannot commit. */
export function createReadiness(link: Pick<CoreLink, 'checkReadiness' | 'call'>): CheckReadiness {
  let answer: Promise<string | undefined> = Promise.resolve(undefined);
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<string | undefined> {
    const value = create(CheckReadinessRequestSchema);
    const result = await link
      .call({ appId: '', secret: '', request: { case: 'checkReadiness', value } })
      .catch(() => undefined);
    if (result?.case !== 'checkReadiness') return 'the core does not answer';
    return result.value.obstacle === '' ? undefined : result.value.obstacle;
  }

  return async () => {
    const obstacle = link.checkReadiness();
    if (obstacle !== undefined) return obstacle;
    if (performance.now() - askedAt >= LOOK_INTERVAL) {
      askedAt = performance.now();
      answer = ask();
    }
    return answer;
  };
}
