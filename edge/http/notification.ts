import { Type } from '@sinclair/typebox';
import { OVERRIDES_RULE } from '../../common/contract/channels.js';
import { HttpsAddress, Label, LIMITS, ruled, Text, Word } from '../../common/contract/fields.js';
import { isJsonObject, rawMember } from '../../common/json/json.js';

/** The member `push` of a send's body: which devices it wakes, and the look of the notification. */
export const Notification = Type.Object(
  {
    wake: Type.Optional(Word(['NEVER', 'OFFLINE', 'ALWAYS'])),
    title: Type.Optional(Text(LIMITS.title)),
    image: Type.Optional(HttpsAddress()),
    clickTarget: Type.Optional(Label(LIMITS.address)),
    androidChannel: Type.Optional(Label(LIMITS.name)),
    category: Type.Optional(Label(LIMITS.name)),
    thread: Type.Optional(Label(LIMITS.name)),
    interruption: Type.Optional(Word(['PASSIVE', 'ACTIVE', 'TIME_SENSITIVE', 'CRITICAL'])),
    overrides: Type.Optional(Type.String(ruled(`must be ${OVERRIDES_RULE}`, { format: 'overrides' }))),
    wakesPerSecond: Type.Optional(
      Type.Integer(
        ruled(`must be a whole number from 1 to ${LIMITS.wakesPerSecond}`, {
          minimum: 1,
          maximum: LIMITS.wakesPerSecond,
        }),
      ),
    ),
  },
  ruled('must be an object', {}),
);

/**
 * Puts the text of `overrides` in its place, as `Notification` reads it: parsed numbers would lose digits.
 *
 * @param push the member as it was parsed
 * @param body the text that it stands in
 */
export function withRawOverrides(push: unknown, body: string): unknown {
  if (!isJsonObject(push) || push.overrides === undefined || push.overrides === null) return push;
  return { ...push, overrides: rawMember(rawMember(body, 'push') ?? '', 'overrides') };
}
