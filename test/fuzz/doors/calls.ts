import type { DescMethod } from '@bufbuild/protobuf';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import type { Random } from '../input/random.js';
import { MARKER } from '../input/values.js';
import type { Credentials, Target } from '../target.js';

/** Methods that would take from the app what other inputs need: they are called for another app. */
const DISRUPTIVE = new Set(['RotateAppKey', 'RevokeAppKey', 'DisableApp', 'EnableApp', 'DeleteApp', 'UndeleteApp']);
const ADMIN = new Set([
  'CreateApp',
  'GetApp',
  'DisableApp',
  'EnableApp',
  'DeleteApp',
  'UndeleteApp',
  'SetChannel',
  'ListChannels',
  'RemoveChannel',
  'TestChannel',
  'SetAppWaking',
  'CreateAdminToken',
  'ListAdminTokens',
  'RevokeAdminToken',
]);

/** A method of PushCore: every third time the one that pushes. */
export function pickMethod(random: Random): DescMethod {
  return random.chance(0.33) ? PushCore.method.sendPush : random.pick(PushCore.methods);
}

/** Credentials for a method: nine in ten are right. */
export function authorizationFor({ name }: DescMethod, random: Random, target: Target): string {
  if (random.chance(0.1)) {
    return random.pick([
      '',
      MARKER,
      `Basic ${MARKER}`,
      `Bearer ${MARKER}`,
      basic({ id: target.app.id, key: MARKER }),
      basic({ id: MARKER, key: target.app.key }),
      basic({ id: '', key: '' }),
      `Basic ${random.bytes(12).toString('base64')}`,
      'Basic :::',
      `Bearer ${target.app.key}`,
    ]);
  }
  if (ADMIN.has(name)) return `Bearer ${target.adminToken}`;
  return basic(DISRUPTIVE.has(name) ? target.spare : target.app);
}

function basic({ id, key }: Credentials): string {
  return `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`;
}
