import type { ChannelFixture } from './fixture.js';
import { hmsV1Fixture, hmsV3Fixture } from './hms.js';
import { miPushFixture } from './mipush.js';
import { oppoFixture } from './oppo.js';
import { vivoFixture } from './vivo.js';

/** All channels with their fake vendors: the rows of the one behaviour suite. */
export const CHANNEL_FIXTURES: readonly ChannelFixture[] = [
  hmsV3Fixture,
  hmsV1Fixture,
  miPushFixture,
  oppoFixture,
  vivoFixture,
];
