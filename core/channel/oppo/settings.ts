import { type Static, Type } from '@sinclair/typebox';
import { Word as OneOf } from '../../../common/contract/fields.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader, Word } from '../settings.js';

const SETTINGS = Type.Object({
  appKey: Word(),
  masterSecret: Word(),
  /** INTL: devices sold outside of mainland China. */
  region: Type.Optional(OneOf(['CN', 'INTL'])),
  /** The Android notification channel, where a message names none. */
  channelId: Type.Optional(Word()),
  /** OPPO's class of the messages, such as `IM`; OPPO must have granted it. */
  category: Type.Optional(Word(64)),
  ...TEXT_SETTINGS,
  ...COMMON_SETTINGS,
});

/** Settings of OPPO. */
export type OppoSettings = Static<typeof SETTINGS>;

/** Reads settings of OPPO. */
export const readOppoSettings = createSettingsReader(SETTINGS);
