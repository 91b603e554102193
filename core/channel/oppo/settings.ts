import { type Static, Type } from '@sinclair/typebox';
import { Word } from '../../../common/contract/fields.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader, VisibleAscii } from '../settings.js';

const SETTINGS = Type.Object({
  appKey: VisibleAscii(),
  masterSecret: VisibleAscii(),
  /** INTL: devices sold outside of mainland China. */
  region: Type.Optional(Word(['CN', 'INTL'])),
  /** The Android notification channel, where a message names none. */
  channelId: Type.Optional(VisibleAscii()),
  /** OPPO's class of the messages, such as `IM`; OPPO must have granted it. */
  category: Type.Optional(VisibleAscii(64)),
  ...TEXT_SETTINGS,
  ...COMMON_SETTINGS,
});

/** Settings of OPPO. */
export type OppoSettings = Static<typeof SETTINGS>;

/** Reads settings of OPPO. */
export const readOppoSettings = createSettingsReader(SETTINGS);
