import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../common/contract/fields.js';
import {
  currentTopics,
  type Membership,
  matchesPlatform,
  PLATFORMS,
  withTopics,
} from '../../../../core/domain/device.js';

const open = (topicNum: number, since: number): Membership => ({ topicNum, since, until: null });

describe('the memberships of a device', () => {
  it('stay as they are with the same topics', () => {
    const memberships = [open(1, 10), open(2, 20), { topicNum: 3, since: 1, until: 5 }];
    expect(withTopics(memberships, [2, 1], 30)).toEqual(memberships);
  });

  it('begin after the last push and end with it', () => {
    const before = [open(1, 10), open(2, 20)];
    expect(withTopics(before, [1, 3], 30)).toEqual([open(1, 10), { topicNum: 2, since: 20, until: 30 }, open(3, 30)]);
    expect(before).toEqual([open(1, 10), open(2, 20)]);
  });

  it('begin anew for a topic that comes back, and keep the earlier stretch', () => {
    const gone = withTopics([open(1, 10)], [], 20);
    expect(gone).toEqual([{ topicNum: 1, since: 10, until: 20 }]);
    expect(withTopics(gone, [1], 30)).toEqual([{ topicNum: 1, since: 10, until: 20 }, open(1, 30)]);
  });

  it('are forgotten when they had no push, and the first that ended when they are too many', () => {
    expect(withTopics([open(1, 30)], [2], 30)).toEqual([open(2, 30)]);
    let memberships: Membership[] = [];
    for (let at = 1; at <= LIMITS.endedTags + 3; at++) memberships = withTopics(memberships, [at], at);
    const ends = memberships.map(({ until }) => until);
    expect(ends).toEqual([...Array.from({ length: LIMITS.endedTags }, (_, index) => index + 4), null]);
  });

  it('take a topic that is named twice once', () => {
    expect(withTopics([], [4, 4], 1)).toEqual([open(4, 1)]);
  });

  it('tell the topics of now', () => {
    expect(currentTopics([open(1, 10), { topicNum: 2, since: 1, until: 5 }, open(3, 0)])).toEqual([1, 3]);
    expect(currentTopics([])).toEqual([]);
  });
});

describe('a platform filter', () => {
  it('of ALL is for all', () => {
    for (const platform of PLATFORMS) expect(matchesPlatform('ALL', platform)).toBe(true);
  });

  it('of one is for that one', () => {
    for (const filter of PLATFORMS) {
      expect(PLATFORMS.filter((platform) => matchesPlatform(filter, platform))).toEqual([filter]);
    }
  });
});
