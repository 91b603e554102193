import { type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { isRecord } from '../http-outcome.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader, RsaKey, VisibleAscii } from '../settings.js';

const SHARED = {
  /** Huawei's class of the messages, such as `IM`; Huawei must have granted it. */
  category: Type.Optional(VisibleAscii(64)),
  ...TEXT_SETTINGS,
  ...COMMON_SETTINGS,
};

/** The file of a service account's key, as Huawei gives it out. */
const SERVICE_ACCOUNT = Type.Object(
  { project_id: VisibleAscii(), key_id: VisibleAscii(), sub_account: VisibleAscii(), private_key: RsaKey },
  ruled("must be the JSON of a service account's key file", {}),
);

const V3 = Type.Object({
  version: Type.Literal('v3'),
  serviceAccount: SERVICE_ACCOUNT,
  /** The project, if it is another than that of the key file. */
  projectId: Type.Optional(VisibleAscii()),
  ...SHARED,
});

const OAUTH = {
  clientId: VisibleAscii(),
  clientSecret: VisibleAscii(),
  /** Huawei's address for access tokens, where it is another one. */
  tokenUri: COMMON_SETTINGS.baseUrl,
  /** The app's first activity, with its package: badges want it. */
  badgeClass: Type.Optional(VisibleAscii()),
  ...SHARED,
};
const V1 = Type.Object({ version: Type.Literal('v1'), appId: Type.Optional(VisibleAscii()), ...OAUTH });
const V2 = Type.Object({ version: Type.Literal('v2'), projectId: VisibleAscii(), ...OAUTH });

/** Settings of HMS for HarmonyOS 5 and newer. */
export type HmsV3Settings = Static<typeof V3>;
/** Settings of HMS for HarmonyOS 3 and 4, and Android. */
export type HmsV1Settings = Static<typeof V1> | Static<typeof V2>;
/** Settings of HMS. */
export type HmsSettings = HmsV1Settings | HmsV3Settings;

const readV1 = createSettingsReader(V1);
const readV2 = createSettingsReader(V2);
const readV3 = createSettingsReader(V3);
const readVersion = createSettingsReader(
  Type.Object({
    version: Type.Union(
      [Type.Literal('v1'), Type.Literal('v2'), Type.Literal('v3')],
      ruled('must be v3 (HarmonyOS 5), or v1 or v2 (HarmonyOS 3 and 4, Android)', {}),
    ),
  }),
);

/** Reads settings of HMS: which fields there are depends on the version. */
export function readHmsSettings(json: unknown): HmsSettings {
  const version = isRecord(json) ? json.version : undefined;
  if (version === 'v1') return readV1(json);
  if (version === 'v2') return readV2(json);
  if (version === 'v3') return readV3(json);
  readVersion(isRecord(json) ? { version } : json);
  throw new Error('unreachable: there are no other versions');
}
