import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { RegistrationMode as WireMode } from '../../../gen/onepush/v1/app_pb.js';
import {
  SigningKeySchema,
  type SigningKey as WireKey,
  SigningKeyKind as WireKind,
} from '../../../gen/onepush/v1/signing_key_pb.js';
import type { RegistrationMode, SigningKey, SigningKeyKind } from '../../domain/app.js';

/** Rules of registration by the schema's numbers. */
export const REGISTRATION: Readonly<Record<WireMode, RegistrationMode | undefined>> = {
  [WireMode.UNSPECIFIED]: undefined,
  [WireMode.OPEN]: 'OPEN',
  [WireMode.BOTH]: 'BOTH',
  [WireMode.SIGNED]: 'SIGNED',
};

/** Returns the schema's rule of registration. */
export function toWireRegistration(mode: RegistrationMode): WireMode {
  return WireMode[mode];
}

/** Kinds of signing keys by the schema's numbers. */
export const KEY_KIND: Readonly<Record<WireKind, SigningKeyKind | undefined>> = {
  [WireKind.UNSPECIFIED]: undefined,
  [WireKind.HS256]: 'HS256',
  [WireKind.ES256]: 'ES256',
  [WireKind.EDDSA]: 'EDDSA',
  [WireKind.RS256]: 'RS256',
  [WireKind.JWKS]: 'JWKS',
};

/** Returns a signing key as its app sees it: never its secret. */
export function toWireSigningKey({ id, kind, kid, keyId, material, createdAt }: SigningKey, problem: string): WireKey {
  return create(SigningKeySchema, {
    id,
    kind: WireKind[kind],
    kid: kid ?? '',
    key: keyId === null && kind !== 'HS256' ? material : '',
    createdAt: timestampFromMs(createdAt),
    problem,
  });
}
