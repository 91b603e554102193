import { expect, it } from 'vitest';
import { createDepartures } from '../../core/registry/departures.js';

it('tells that a device has left since the watch began', () => {
  const departures = createDepartures();
  departures.left(1);
  const areSame = departures.watch();
  expect(areSame([1, 2])).toBe(true);
  departures.left(2);
  expect(areSame([1, 3])).toBe(true);
  expect(areSame([1, 2])).toBe(false);
});

it('has everyone look again when it cannot know', () => {
  const departures = createDepartures();
  const areSame = departures.watch();
  departures.forget();
  expect(areSame([1])).toBe(false);
  expect(departures.watch()([1])).toBe(true);
});

it('remembers a bounded number, and has whoever watched before look again', () => {
  const departures = createDepartures();
  const areSame = departures.watch();
  for (let num = 1; num <= 10_001; num++) departures.left(num);
  expect(areSame([99_999])).toBe(false);
  expect(departures.watch()([1])).toBe(true);
});
