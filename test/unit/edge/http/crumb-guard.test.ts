import { describe, expect, it } from 'vitest';
import { createCrumbGuard } from '../../../../edge/http/crumb-guard.js';

describe('the guard against bodies in crumbs', () => {
  it('cuts what else comes in chunks from the address, and reads none of it for ten seconds', () => {
    const clock = { time: 0 };
    const guard = createCrumbGuard(() => clock.time);
    const cut: string[] = [];
    const first = guard.began('a', () => cut.push('first'));
    const second = guard.began('a', () => {
      cut.push('second');
      second?.ended();
    });
    const over = guard.began('a', () => cut.push('over'));
    guard.began('b', () => cut.push('other'));
    over?.ended();
    first?.crumbled();
    expect(cut).toEqual(['second']);
    expect(guard.began('a', () => undefined)).toBeUndefined();
    expect(guard.began('b', () => undefined)).toBeDefined();
    clock.time = 10_001;
    expect(guard.began('a', () => undefined)).toBeDefined();
  });
});
