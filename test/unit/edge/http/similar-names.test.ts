import { describe, expect, it } from 'vitest';
import { createSimilarNames } from '../../../../edge/http/similar-names.js';

const KNOWN = ['alias', 'appId', 'platform', 'nativeToken', 'tag', 'needConfirm', 'audiences', 'audienceType', 'alert'];
const find = createSimilarNames(KNOWN, { devices: 'audiences' });
const meant = (name: string) => find({ [name]: 1 })[0]?.meant;

describe('a member that is not documented', () => {
  it.each([
    ['tags', 'tag'],
    ['audience', 'audiences'],
    ['audiance', 'audiences'],
    ['audienceTyp', 'audienceType'],
    ['appid', 'appId'],
    ['app_id', 'appId'],
    ['APP-ID', 'appId'],
    ['needconfirm', 'needConfirm'],
    ['needConfrim', 'needConfirm'],
    ['platfrom', 'platform'],
    ['native_token', 'nativeToken'],
    ['aliass', 'alias'],
    ['Alert', 'alert'],
    ['devices', 'audiences'],
    ['Devices', 'audiences'],
    ['TAG', 'tag'],
    ['ta', undefined],
    ['bag', undefined],
    ['title', undefined],
    ['traceId', undefined],
    ['timestamp', undefined],
    ['constructor', undefined],
    ['ALERT\r\nX: y', undefined],
    [`appId${'_'.repeat(40)}`, undefined],
    ['appId"', undefined],
    ['áppId', undefined],
  ])('%j is taken for %s', (name, known) => {
    expect(meant(name)).toBe(known);
  });

  it('is not looked for among documented ones, and with many others costs little', () => {
    expect(find(Object.fromEntries(KNOWN.map((name) => [name, 1])))).toEqual([]);
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`audiencesx${n}`, 1]));
    const begun = performance.now();
    expect(find(many).length).toBeLessThanOrEqual(5);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
