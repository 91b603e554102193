import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { createHealth } from '../../../../core/rpc/health.js';
import {
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../../gen/health/v1/health_pb.js';

const of = (service: string) => create(HealthCheckRequestSchema, { service });
const NEVER = new AbortController().signal;

/** The next status of a stream; undefined at its end. */
async function nextOf(stream: AsyncIterator<HealthCheckResponse>): Promise<Status | undefined> {
  const { done, value } = await stream.next();
  return done ? undefined : value.status;
}

describe('health', () => {
  it('is that of the store, for the server and for its service', async () => {
    let reachable = true;
    const { handlers } = createHealth(() => (reachable ? Promise.resolve() : Promise.reject(new Error('gone'))), 0);
    for (const service of ['', 'onepush.v1.PushCore']) {
      reachable = true;
      expect((await handlers.check(of(service))).status).toBe(Status.SERVING);
      reachable = false;
      expect((await handlers.check(of(service))).status).toBe(Status.NOT_SERVING);
    }
    expect(Object.keys((await handlers.list()).statuses)).toEqual(['', 'onepush.v1.PushCore']);
    await expect(handlers.check(of('onepush.v1.Other'))).rejects.toMatchObject({ reason: 'UNKNOWN_SERVICE' });
  });

  it('asks the store once for all who ask at a time', async () => {
    let asked = 0;
    const { handlers } = createHealth(async () => void asked++, 60_000);
    await Promise.all([handlers.check(of('')), handlers.check(of('')), handlers.list()]);
    await handlers.check(of(''));
    expect(asked).toBe(1);
  });

  it('is told to who watches when it changes, and at the end', async () => {
    let reachable = true;
    const health = createHealth(() => (reachable ? Promise.resolve() : Promise.reject(new Error('gone'))), 1);
    const stream = health.handlers.watch(of(''), { signal: NEVER })[Symbol.asyncIterator]();
    expect(await nextOf(stream)).toBe(Status.SERVING);
    expect(await health.checkReadiness()).toBeUndefined();
    reachable = false;
    expect(await nextOf(stream)).toBe(Status.NOT_SERVING);
    expect(await health.checkReadiness()).toBe('the store cannot be reached');
    reachable = true;
    expect(await nextOf(stream)).toBe(Status.SERVING);
    const last = nextOf(stream);
    health.stop();
    expect(await last).toBe(Status.NOT_SERVING);
    expect(await health.checkReadiness()).toBe('the core is stopping');
    expect(await nextOf(stream)).toBeUndefined();
    expect((await health.handlers.check(of(''))).status).toBe(Status.NOT_SERVING);
  });

  it('of what is not known is watched until the caller goes', async () => {
    const health = createHealth(async () => {}, 60_000);
    const caller = new AbortController();
    const stream = health.handlers.watch(of('other'), { signal: caller.signal })[Symbol.asyncIterator]();
    expect(await nextOf(stream)).toBe(Status.SERVICE_UNKNOWN);
    const end = nextOf(stream);
    caller.abort();
    expect(await end).toBeUndefined();
  });
});
