import { type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader, VisibleAscii } from '../settings.js';

const SETTINGS = Type.Object({
  /** The app's number at vivo. */
  appId: Type.String(ruled('must be the number of the app, as a string of digits', { pattern: '^[0-9]{1,15}$' })),
  appKey: VisibleAscii(),
  appSecret: VisibleAscii(),
  /** 0: marketing (few a day for each user), 1: what the user waits for; vivo must have granted it. */
  classification: Type.Optional(
    Type.Union([Type.Literal(0), Type.Literal(1)], ruled('must be 0 (marketing) or 1 (system)', {})),
  ),
  /** vivo's class of the messages, such as `IM` or `ORDER`. */
  category: Type.Optional(VisibleAscii(64)),
  ...TEXT_SETTINGS,
  ...COMMON_SETTINGS,
});

/** Settings of vivo. */
export type VivoSettings = Static<typeof SETTINGS>;

/** Reads settings of vivo. */
export const readVivoSettings = createSettingsReader(SETTINGS);
