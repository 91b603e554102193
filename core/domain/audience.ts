/** Who a push is for, within the sending app. */
export type Audience =
  | { kind: 'aliases'; aliases: readonly string[] }
  | { kind: 'devices'; deviceIds: readonly string[] }
  | { kind: 'tags'; tags: readonly string[] }
  | { kind: 'everyone' };

/** The tag of the timeline that every device of an app reads. No device can register it: tags are not empty. */
export const EVERYONE_TAG = '';
