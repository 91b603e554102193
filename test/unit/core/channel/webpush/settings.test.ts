import { describe, expect, it } from 'vitest';
import webPush from 'web-push';
import { ChannelSettingsError } from '../../../../../core/channel/channel.js';
import { hostRules, PUSH_SERVICES, parseWebPushSettings } from '../../../../../core/channel/webpush/settings.js';

const keys = webPush.generateVAPIDKeys();
const settings = { ...keys, subject: 'mailto:push@example.com' };

function problems(fields: object): string[] {
  try {
    parseWebPushSettings({ ...settings, ...fields });
    return [];
  } catch (error) {
    if (!(error instanceof ChannelSettingsError)) throw error;
    expect(error.message).not.toContain(keys.privateKey);
    return error.problems.map(({ field }) => field);
  }
}

describe('settings of Web Push', () => {
  it.each(['mailto:push@example.com', 'https://example.com/contact'])('take the subject %s', (subject) => {
    expect(problems({ subject })).toEqual([]);
  });

  it.each([
    'push@example.com',
    'mailto:',
    'mailto:<push@example.com>',
    'mailto: push@example.com',
    'mailto:push@localhost',
    'https://localhost/',
    'http://example.com/',
  ])('refuse the subject %s', (subject) => expect(problems({ subject })).toEqual(['subject']));

  it('refuse keys that are none, or no pair', () => {
    const other = webPush.generateVAPIDKeys();
    expect(problems({ publicKey: other.publicKey })).toEqual(['publicKey']);
    expect(problems({ privateKey: other.privateKey })).toEqual(['publicKey']);
    expect(problems({ publicKey: keys.publicKey.slice(1) })).toEqual(['publicKey']);
    expect(problems({ privateKey: `${keys.privateKey}=` })).toEqual(['privateKey']);
    expect(problems({ privateKey: '_'.repeat(43) })).toEqual(['privateKey']);
  });

  it.each(['https://push.example.com', 'Push.example.com', '**', '*.', 'a b', ''])('refuse the host %j', (host) =>
    expect(problems({ allowedHosts: [host] })).toEqual(['allowedHosts[0]']),
  );

  it('allow the push services of browsers, and what the operator names beside them', () => {
    const hosts = (allowedHosts?: string[]) => hostRules(parseWebPushSettings({ ...settings, allowedHosts }));
    expect(hostRules(parseWebPushSettings(settings))).toEqual({ publicHosts: PUSH_SERVICES, trustedHosts: [] });
    expect(hosts(['push.internal', '*.example.com', '10.0.0.7', 'fd00::7'])).toEqual({
      publicHosts: PUSH_SERVICES,
      trustedHosts: ['push.internal', '*.example.com', '10.0.0.7', 'fd00::7'],
    });
    expect(hosts(['*'])).toEqual({ publicHosts: [...PUSH_SERVICES, '*'], trustedHosts: [] });
  });
});
