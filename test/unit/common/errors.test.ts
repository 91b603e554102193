import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ERRORS, isReason, OnePushError, type Reason } from '../../../common/errors.js';
import { ROOT } from '../../support/dist.js';

/** The table keeps literal types; here every row may have what any row has. */
const rows: [string, { code: number; grpc: string; message: string; retryAfter?: number }][] = Object.entries(ERRORS);

describe('the table of errors', () => {
  it('has a code of its own for every reason', () => {
    const codes = rows.map(([, { code }]) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(rows)('gives %s an HTTP status and two digits, a gRPC status and a message', (_, { code, grpc, message }) => {
    expect(String(code)).toMatch(/^[45]\d{4}$/);
    expect(STATUS_CODES).toHaveProperty(String(Math.floor(code / 100)));
    expect(grpcStatus).toHaveProperty(grpc);
    expect(message).toMatch(/^[A-Z].*[^.]$/);
  });

  it('says when to come back for every 429 and 503, and for nothing that fails again', () => {
    for (const [reason, { code, retryAfter }] of rows)
      expect({ reason, retry: retryAfter !== undefined }).toEqual({ reason, retry: /^(429|503)/.test(String(code)) });
  });

  it('is what docs/errors.md says, row by row', () => {
    const text = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');
    // The formatter aligns the columns.
    const table = text.split('\n').filter((line) => line.startsWith('|'));
    const [header, rule, ...documented] = table.map((line) => line.replaceAll(/ {2,}/g, ' ').replaceAll(/-+/g, '-'));
    expect(header).toBe('| code | reason | HTTP | gRPC | retry | message |');
    expect(rule).toBe('| - | - | - | - | - | - |');
    const expected = rows.map(([reason, { code, grpc, message, retryAfter }]) => {
      const retry = retryAfter === undefined ? 'no' : `after ${retryAfter} s`;
      return `| ${code} | ${reason} | ${Math.floor(code / 100)} | ${grpc} | ${retry} | ${message} |`;
    });
    expect(documented).toEqual(expected);
  });
});

describe('an error', () => {
  it('names every offending field behind the message of its row', () => {
    const violations = [
      { field: 'alias', rule: 'must be short' },
      { field: 'tag[1]', rule: 'must not be ALL' },
    ];
    const { message } = new OnePushError('INVALID_FIELDS', { violations });
    expect(message).toBe('Some fields are not as documented: alias must be short; tag[1] must not be ALL');
  });

  it('adds its hint, and keeps its cause to itself', () => {
    const cause = new Error('password');
    const error = new OnePushError('BODY_TOO_LARGE', { hint: 'the limit is 5 bytes', cause });
    expect(error.message).toBe('The body is too large: the limit is 5 bytes');
    expect(error.cause).toBe(cause);
    expect(error.status).toBe(413);
    expect(error.row).toBe(ERRORS.BODY_TOO_LARGE);
  });

  it('has a reason that is a row, not what every object has', () => {
    const reasons: Reason[] = ['UNEXPECTED', 'UNKNOWN_APP'];
    for (const reason of reasons) expect(isReason(reason)).toBe(true);
    for (const reason of ['', 'unexpected', 'toString', 'constructor', '__proto__'])
      expect(isReason(reason)).toBe(false);
  });
});
