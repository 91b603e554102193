import { expect } from 'vitest';
import type { Answer } from './rest.js';

/**
 * Asserts that an answer is the documented error with this code, about this field where one is given, and nothing else.
 */
export function expectError({ status, body, text, headers }: Answer<unknown>, code: number, field?: string): void {
  expect({ status, code: body.code, field: body.field }).toEqual({ status: Math.floor(code / 100), code, field });
  expect(text).toBe(JSON.stringify(body));
  expect(body.message).toMatch(/\w/);
  expect(['code', 'message', 'field', 'requestId']).toEqual(expect.arrayContaining(Object.keys(body)));
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
}
