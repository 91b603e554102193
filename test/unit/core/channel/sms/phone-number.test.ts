import { describe, expect, it } from 'vitest';
import { findE164 } from '../../../../../core/channel/sms/phone-number.js';

describe('a phone number', () => {
  it.each([
    ['+8613800138000', undefined, '+8613800138000'],
    ['+86 138-0013-8000', undefined, '+8613800138000'],
    ['008613800138000', undefined, '+8613800138000'],
    ['+1 (555) 867.5310', '86', '+15558675310'],
    ['13800138000', '86', '+8613800138000'],
    ['138 0013 8000', '86', '+8613800138000'],
  ])('%s of country %s is %s', (number, country, expected) => {
    expect(findE164(number, country)).toBe(expected);
  });

  it.each([
    ['13800138000', undefined],
    ['', '86'],
    ['+', '86'],
    ['+86138x0138000', '86'],
    ['+0613800138000', '86'],
    ['+12345', undefined],
    ['+1234567890123456', undefined],
    ['++8613800138000', undefined],
    ['+8613800138000;ext=1', undefined],
    ['+８６13800138000', undefined],
  ])('%j of country %s is none', (number, country) => expect(findE164(number, country)).toBeUndefined());
});
