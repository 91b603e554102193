import { describe, expect, it } from 'vitest';
import { hasIosFrame, type Push, type PushContent, toFrame } from '../../../../core/domain/push.js';

function push(content: Partial<PushContent> = {}, given: Partial<Push> = {}): Push {
  return {
    id: 2 ** 53 - 1,
    appId: 'app1',
    appNum: 7,
    tenantCode: '',
    platform: 'ALL',
    msgType: 'MSG',
    needConfirm: false,
    createdAt: 1,
    expiresAt: 2,
    content: { alert: 'hello', ...content },
    ...given,
  };
}

describe('the frame of a push', () => {
  it('has the documented fields, the id as a string, and nothing that is absent', () => {
    expect(JSON.parse(toFrame(push(), 'ANDROID'))).toStrictEqual({
      id: '9007199254740991',
      appId: 'app1',
      tenantCode: '',
      alert: 'hello',
      pushMsgType: 'MSG',
      needConfirm: false,
    });
  });

  it('carries what the caller gave', () => {
    const given = push({ extra: '[1]' }, { msgType: 'CMD', needConfirm: true, tenantCode: 't', appId: 'b' });
    expect(JSON.parse(toFrame(given, 'WEB'))).toStrictEqual({
      id: '9007199254740991',
      appId: 'b',
      tenantCode: 't',
      alert: 'hello',
      extra: [1],
      pushMsgType: 'CMD',
      needConfirm: true,
    });
  });

  it.each([
    '12345678901234567890',
    '{"id":9223372036854775807}',
    '1.10',
    '1E400',
    '-0',
    'null',
    'false',
    '""',
    '{ "a" : [ 1 , 2 ] }',
    '"\\u4e2d\\/"',
  ])('has extra as it came: %s', (extra) => {
    expect(toFrame(push({ extra }), 'PC')).toContain(`,"extra":${extra},"pushMsgType"`);
  });

  it.each(['', '"', '\\', '\n\u0000\u2028', '</script>', '🚀 中文'])('escapes text: %j', (text) => {
    const frame = toFrame(push({ alert: text, sound: text }, { tenantCode: text, appId: text }), 'IOS');
    expect(JSON.parse(frame)).toMatchObject({ alert: text, sound: text, tenantCode: text, appId: text });
  });

  it('has sound and badge on IOS only', () => {
    const given = push({ sound: 'ding', badge: 0 });
    expect(JSON.parse(toFrame(given, 'IOS'))).toMatchObject({ sound: 'ding', badge: 0 });
    for (const platform of ['ANDROID', 'PC', 'WEB'] as const) {
      expect(toFrame(given, platform)).toBe(toFrame(push(), platform));
    }
  });

  it('has title, picture and click target where the push has them, on every platform', () => {
    const given = push({ title: '"t"', image: 'https://example.com/a.png', clickTarget: 'app://order/1' });
    for (const platform of ['ANDROID', 'IOS', 'PC', 'WEB'] as const) {
      expect(JSON.parse(toFrame(given, platform))).toMatchObject({
        title: '"t"',
        image: 'https://example.com/a.png',
        clickTarget: 'app://order/1',
      });
    }
  });

  it('keeps from devices what only vendors are told', () => {
    const given = push({
      androidChannel: 'secret',
      category: 'secret',
      thread: 'secret',
      interruption: 'CRITICAL',
      wakeOverrides: '{"APNS":{}}',
      wakesPerSecond: 1,
    });
    expect(toFrame(given, 'IOS')).toBe(toFrame(push(), 'IOS'));
  });

  it('keeps from devices who sent it, from where, and the SMS', () => {
    const given = push({ sender: 'secret', sendDevice: 'secret', smsMessage: 'secret' });
    for (const platform of ['ANDROID', 'IOS'] as const)
      expect(toFrame(given, platform)).toBe(toFrame(push(), platform));
  });

  it.each([
    [{}, false],
    [{ sound: '' }, true],
    [{ badge: 0 }, true],
    [{ extra: '1', sender: 's' }, false],
  ])('with %j differs on IOS: %s', (content, differs) => {
    const given = push(content);
    expect(hasIosFrame(given.content)).toBe(differs);
    expect(toFrame(given, 'IOS') !== toFrame(given, 'ANDROID')).toBe(differs);
  });
});
