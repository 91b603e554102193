import { type Static, Type } from '@sinclair/typebox';
import { Word } from '../../../common/contract/fields.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader, VisibleAscii } from '../settings.js';

const SETTINGS = Type.Object({
  appSecret: VisibleAscii(),
  /** The Android package. */
  package: VisibleAscii(),
  /** The notification channel that Xiaomi has granted, where a message names none. */
  channelId: Type.Optional(VisibleAscii()),
  /** Region of the devices; CN by default. */
  region: Type.Optional(Word(['CN', 'GLOBAL', 'EUROPE', 'INDIA', 'RUSSIA'])),
  ...TEXT_SETTINGS,
  ...COMMON_SETTINGS,
});

/** Settings of MiPush. */
export type MiPushSettings = Static<typeof SETTINGS>;

/** Reads settings of MiPush. */
export const readMiPushSettings = createSettingsReader(SETTINGS);
