import type { Channel as ChannelName } from '../domain/channel.js';
import type { ChannelKind } from './channel.js';

/** A kind whose settings nobody knows: what its `parseSettings` returned is for itself only. */
export type AnyChannelKind = ChannelKind<unknown>;

/** All kinds of channels that there are, by their names. */
export const CHANNEL_KINDS: ReadonlyMap<ChannelName, AnyChannelKind> = byName([]);

function byName(kinds: readonly AnyChannelKind[]): ReadonlyMap<ChannelName, AnyChannelKind> {
  return new Map(kinds.map((kind) => [kind.channel, kind]));
}
