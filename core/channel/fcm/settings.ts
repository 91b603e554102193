import { type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader, RsaKey, VisibleAscii } from '../settings.js';

/** The file of a service account's key, as Google gives it out; its other fields are not needed. */
const SERVICE_ACCOUNT = Type.Object(
  {
    project_id: Type.String(
      ruled('must be the id of a project: letters, digits, hyphens, dots and colons', {
        pattern: '^[a-zA-Z0-9.:-]{1,100}$',
      }),
    ),
    private_key_id: Type.Optional(VisibleAscii()),
    private_key: RsaKey,
    client_email: VisibleAscii(),
    /** Address that access tokens come from; undefined: Google's. */
    token_uri: COMMON_SETTINGS.baseUrl,
  },
  ruled("must be the JSON of a service account's key file", {}),
);

const SETTINGS = Type.Object({ serviceAccount: SERVICE_ACCOUNT, ...TEXT_SETTINGS, ...COMMON_SETTINGS });

/** Settings of FCM. */
export type FcmSettings = Static<typeof SETTINGS>;

/** Reads settings of FCM. */
export const readFcmSettings = createSettingsReader(SETTINGS);
