import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CallError, type CodeName } from '../../../client/errors.js';
import { type Attempts, backoffMs, classifyFailure, retrying } from '../../../client/retry.js';
import { createSemaphore } from '../../../client/semaphore.js';
import { ErrorDetailSchema } from '../../../gen/onepush/v1/error_pb.js';

const policy = { firstPauseMs: 1, longestPauseMs: 4 };
const failure = (code: CodeName, reason?: string, retryAfterSeconds = 0) =>
  new CallError(code, 'x', reason === undefined ? undefined : create(ErrorDetailSchema, { reason, retryAfterSeconds }));

describe('the prospect of a failed call', () => {
  it.each([
    ['UNAVAILABLE', undefined, 0, 'in doubt'],
    ['UNAVAILABLE', 'STORE_UNAVAILABLE', 1, 'in doubt'],
    ['DEADLINE_EXCEEDED', undefined, 0, 'in doubt'],
    ['INTERNAL', undefined, 0, 'in doubt'],
    ['INTERNAL', 'UNEXPECTED', 0, 'hopeless'],
    ['RESOURCE_EXHAUSTED', 'OVERLOADED', 1, 'not carried out'],
    ['RESOURCE_EXHAUSTED', 'BODY_TOO_LARGE', 0, 'hopeless'],
    ['INVALID_ARGUMENT', 'INVALID_FIELDS', 0, 'hopeless'],
    ['UNAUTHENTICATED', 'WRONG_APP_KEY', 0, 'hopeless'],
    ['CANCELLED', undefined, 0, 'hopeless'],
  ] as const)('of %s (%s) is known', (code, reason, seconds, prospect) => {
    expect(classifyFailure(failure(code, reason, seconds))).toBe(prospect);
  });
});

describe('the pause after a failure', () => {
  it('doubles up to the longest, and is at least half of that', () => {
    const least = [1, 2, 3, 4].map((failures) => backoffMs(failures, policy, undefined, () => 0));
    const most = [1, 2, 3, 4].map((failures) => backoffMs(failures, policy, undefined, () => 1));
    expect(least).toEqual([0.5, 1, 2, 2]);
    expect(most).toEqual([1, 2, 4, 4]);
  });

  it('is never less than what the service asks for', () => {
    expect(backoffMs(1, policy, 1000, () => 0)).toBe(1000);
  });
});

describe('a call with retries', () => {
  const attempts: Attempts = {
    policy,
    timeoutMs: 10_000,
    attemptTimeoutMs: 500,
    repeatable: true,
    signal: undefined,
    semaphore: createSemaphore(Number.POSITIVE_INFINITY),
  };
  /** Fails with these, one after another, then answers; counts its attempts. */
  function scripted(...failures: CallError[]) {
    const timeouts: number[] = [];
    return {
      timeouts,
      async call(timeoutMs: number) {
        timeouts.push(timeoutMs);
        const next = failures.shift();
        if (next) throw next;
        return 'answer';
      },
    };
  }

  it('is made again until it succeeds, each attempt with a deadline', async () => {
    const { call, timeouts } = scripted(failure('UNAVAILABLE'), failure('DEADLINE_EXCEEDED'));
    expect(await retrying(call, attempts)).toBe('answer');
    expect(timeouts).toEqual([500, 500, 500]);
  });

  it('is not made again when that is hopeless', async () => {
    const { call, timeouts } = scripted(failure('INVALID_ARGUMENT', 'INVALID_FIELDS'));
    await expect(retrying(call, attempts)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'INVALID_FIELDS',
    });
    expect(timeouts).toHaveLength(1);
  });

  it('is not made again in doubt, when twice is not the same as once', async () => {
    const { call, timeouts } = scripted(failure('UNAVAILABLE'));
    await expect(retrying(call, { ...attempts, repeatable: false })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(timeouts).toHaveLength(1);
  });

  it('gives up with the last failure when the time left is too short for the pause', async () => {
    const { call } = scripted(failure('RESOURCE_EXHAUSTED', 'OVERLOADED', 60));
    await expect(retrying(call, { ...attempts, timeoutMs: 1000 })).rejects.toMatchObject({ reason: 'OVERLOADED' });
  });

  it('ends when it is cancelled', async () => {
    const controller = new AbortController();
    const call = async () => {
      controller.abort();
      throw failure('UNAVAILABLE');
    };
    await expect(retrying(call, { ...attempts, signal: controller.signal })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});
