import { expect } from 'vitest';
import { expectError } from './expect-error.js';
import { type OddBody, post } from './rest.js';
import { TEST_APP } from './stack.js';

/** In every body that is refused, and in no answer. */
export const SECRET = 'correct-horse-battery';

/** A registration that is taken. */
export const REGISTRATION = { alias: SECRET, appId: TEST_APP.appId, platform: 'WEB', nativeToken: SECRET };
/** A push that is taken. */
export const PUSH = { ...TEST_APP, audiences: [SECRET], alert: SECRET };

/**
 * Expects a body to be refused with this code, about this field, without a word of what it says. Resolves to the message.
 */
export async function expectRefused(
  httpUrl: string,
  path: string,
  body: OddBody | number | null,
  code: number,
  field?: string,
): Promise<string> {
  const answer = await post(httpUrl, path, body);
  expectError(answer, code, field);
  expect(answer.text).not.toContain(SECRET);
  expect(answer.text).not.toContain(TEST_APP.appKey);
  return answer.body.message ?? '';
}
