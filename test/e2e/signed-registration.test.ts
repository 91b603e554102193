import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { SigningKeyKind } from '../../gen/onepush/v1/signing_key_pb.js';
import { expectError } from '../support/expect-error.js';
import { scrape } from '../support/metrics.js';
import { createApp, post } from '../support/rest.js';
import { basic, bearer, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const KEYS = [0, 1].map(() => randomBytes(32).toString('base64'));
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
let stack: Stack;
let client: PushCoreClient;
const admin = bearer(ADMIN_TOKEN);
beforeAll(async () => {
  stack = await startStack({ coreEnv: { ONEPUSH_SECRET_KEY: KEYS[0] ?? '' } });
  client = pushCoreClient(stack, 'connect');
});
afterAll(() => stack?.stop());

interface SignedApp {
  id: string;
  appKey: string;
  secret: string;
  keyId: string;
}
/** An app with a secret that the server made. */
async function newSignedApp(registration = RegistrationMode.UNSPECIFIED): Promise<SignedApp> {
  const { id, appKey } = await client.createApp({ name: 'signed', registration }, admin);
  const { key, secret } = await client.addSigningKey({ appId: id, kind: SigningKeyKind.HS256 }, basic(id, appKey));
  return { id, appKey, secret, keyId: key?.id ?? '' };
}
/** A token for a user, by the secret of an app. */
function tokenFor(app: SignedApp, alias: string, claims: Record<string, unknown> = {}): Promise<string> {
  const jwt = new SignJWT({ sub: alias, aud: app.id, ...claims }).setProtectedHeader({ alg: 'HS256' });
  return jwt.setExpirationTime('5m').sign(Buffer.from(app.secret));
}
const bodyOf = (appId: string, alias: string, tag: string[] = []) => {
  return { appId, alias, platform: 'ANDROID', nativeToken: randomUUID(), tag };
};
const register = (body: object, authorization?: string) =>
  post<{ id: string }>(stack.httpUrl, '/msgpush/register', body, authorization === undefined ? {} : { authorization });

describe('an app that takes signed registrations', () => {
  it('is what RPC makes, and takes a token over REST, and over RPC as a field or as a header', async () => {
    const app = await newSignedApp();
    expect(await client.getApp({ id: app.id }, admin)).toMatchObject({ registration: RegistrationMode.SIGNED });
    const alias = uniqueName();
    const token = await tokenFor(app, alias);
    const { status, text } = await register(bodyOf(app.id, alias), `Bearer ${token}`);
    expect([status, text]).toEqual([200, expect.stringMatching(/^{"id":"[0-9a-f]{32}"}$/)]);
    const request = { appId: app.id, alias, platform: Platform.WEB, nativeToken: randomUUID() };
    await client.registerDevice({ ...request, registrationToken: token });
    await pushCoreClient(stack, 'grpc').registerDevice(request, bearer(token));
    const { devices } = await client.listDevices(
      { filter: { case: 'alias', value: alias } },
      basic(app.id, app.appKey),
    );
    expect(devices).toHaveLength(2);
  });

  it('refuses each thing that is wrong with an error of its own, which repeats nothing', async () => {
    const [app, other] = [await newSignedApp(), await newSignedApp()];
    const alias = uniqueName();
    const body = bodyOf(app.id, alias, ['news']);
    const expired = new SignJWT({ sub: alias, aud: app.id, exp: 1000 }).setProtectedHeader({ alg: 'HS256' });
    const unknown = new SignJWT({ sub: alias, aud: app.id })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setExpirationTime('1m');
    const cases: [number, string][] = [
      [40111, `Bearer ${'x'.repeat(9000)}`],
      [40111, 'Bearer x'],
      [40112, `Bearer ${await expired.sign(Buffer.from(app.secret))}`],
      [40113, `Bearer ${await tokenFor(app, alias, { nbf: Math.floor(Date.now() / 1000) + 3600 })}`],
      [40114, `Bearer ${await unknown.sign(privateKey)}`],
      [40115, `Bearer ${await tokenFor({ ...app, secret: other.secret }, alias)}`],
      [40310, `Bearer ${await tokenFor(app, alias, { aud: other.id })}`],
      [40311, `Bearer ${await tokenFor(app, uniqueName())}`],
      [40312, `Bearer ${await tokenFor(app, alias, { tags: ['sport'] })}`],
      [40313, `Bearer ${await tokenFor(app, alias, { device: 'another' })}`],
    ];
    expectError(await register(body), 40110);
    for (const [code, authorization] of cases) {
      const answer = await register(body, authorization);
      expectError(answer, code);
      expect(answer.text).not.toContain(authorization.slice(-20));
    }
    // Longer than a head may be: newer versions of uWebSockets.js have words of their own for it.
    expect((await register(body, `Bearer ${'x'.repeat(100_000)}`)).status).toBe(431);
    const long = (length: number) => {
      const registrationToken = 'x'.repeat(length);
      return failureOf(client.registerDevice({ ...body, platform: Platform.WEB, tags: [], registrationToken }));
    };
    expect((await long(9000)).message).toContain('registrationToken');
    expect((await long(100_000)).message).toContain('too large');
  });

  it('takes registrations of the business system itself, by a key that may manage', async () => {
    const [app, other] = [await newSignedApp(), await newSignedApp()];
    const body = bodyOf(app.id, uniqueName());
    const authorization = ({ id, appKey }: SignedApp) =>
      String(new Headers(basic(id, appKey).headers).get('authorization'));
    expect((await register(body, authorization(app))).status).toBe(200);
    expectError(await register(body, authorization(other)), 40101);
    expectError(await register(body, authorization({ ...app, appKey: 'wrong' })), 40101);
    expectError(await register(body, `Bearer ${ADMIN_TOKEN}`), 40111);
    const request = { ...body, platform: Platform.WEB, tags: [] };
    await client.registerDevice(request, basic(app.id, app.appKey));
  });

  it('takes a device that a token is bound to, by its id too', async () => {
    const app = await newSignedApp();
    const alias = uniqueName();
    const body = bodyOf(app.id, alias);
    const { body: known } = await register(body, `Bearer ${await tokenFor(app, alias)}`);
    const token = await tokenFor(app, alias, { device: known.id });
    expect((await register(body, `Bearer ${token}`)).body.id).toBe(known.id);
    expectError(await register(bodyOf(app.id, alias), `Bearer ${token}`), 40313);
  });

  it('takes nothing of a key from when it is removed, and other keys meanwhile', async () => {
    const app = await newSignedApp();
    const alias = uniqueName();
    const body = bodyOf(app.id, alias);
    const token = await tokenFor(app, alias);
    expect((await register(body, `Bearer ${token}`)).status).toBe(200);
    const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }));
    const own = basic(app.id, app.appKey);
    await client.addSigningKey({ appId: app.id, kind: SigningKeyKind.EDDSA, key: jwk, kid: 'k2' }, own);
    const { keys } = await client.listSigningKeys({ appId: app.id }, admin);
    expect(keys).toMatchObject([
      { id: app.keyId, kind: SigningKeyKind.HS256, key: '', kid: '', problem: '' },
      { kind: SigningKeyKind.EDDSA, kid: 'k2', problem: '' },
    ]);
    await client.removeSigningKey({ appId: app.id, id: app.keyId }, own);
    expectError(await register(body, `Bearer ${token}`), 40114);
    const head = { alg: 'EdDSA', kid: 'k2' };
    const jwt = new SignJWT({ sub: alias, aud: app.id }).setProtectedHeader(head).setExpirationTime('1m');
    expect((await register(body, `Bearer ${await jwt.sign(privateKey)}`)).status).toBe(200);
    expect((await failureOf(client.removeSigningKey({ appId: app.id, id: app.keyId }, own))).message).toContain(
      'no signing key',
    );
    const foreign = await newSignedApp();
    const refused = client.listSigningKeys({ appId: app.id }, basic(foreign.id, foreign.appKey));
    expect((await failureOf(refused)).message).toContain('another app');
  });
});

describe('an app on the way from OPEN to SIGNED', () => {
  it('is OPEN where the documents of before make it, and counts who still comes unsigned', async () => {
    const { body: app } = await createApp(stack.httpUrl, ADMIN_TOKEN, 'legacy');
    const { id } = app;
    const body = bodyOf(id, uniqueName());
    expect((await register(body, 'Bearer of-a-gateway')).status).toBe(200);
    expect(await client.getApp({ id }, admin)).toMatchObject({ registration: RegistrationMode.OPEN });

    await client.updateApp({ id, registration: RegistrationMode.BOTH, name: 'half way' }, admin);
    for (let n = 0; n < 2; n++) expect((await register(body)).status).toBe(200);
    expectError(await register(body, 'Bearer of-a-gateway'), 40111);
    const found = await client.getApp({ id }, admin);
    expect(found).toMatchObject({ name: 'half way', unsignedRegistrations: 2 });
    expect(Number(found.unsignedSince?.seconds)).toBeGreaterThan(1_500_000_000);
    const metrics = await scrape(stack.core);
    expect(metrics.get(`onepush_unsigned_registrations_total{app="${id}"}`)).toBe(2);

    await client.updateApp({ id, registration: RegistrationMode.SIGNED }, admin);
    expectError(await register(body), 40110);
    expect((await failureOf(client.updateApp({ id: 'nobody', name: 'x' }, admin))).message).toContain('no app');
    expect((await failureOf(client.updateApp({ id, name: 'x' }, basic(id, app.appKey)))).message).toContain('admin');
  });

  it('is counted as open, and the core says so when strangers may reach it', async () => {
    const metrics = await scrape(stack.core);
    expect(metrics.get('onepush_open_apps{from="loopback"}')).toBeGreaterThan(0);
    expect(metrics.get('onepush_open_apps{from="network"}')).toBe(0);
    expect((await register(bodyOf(TEST_APP.appId, uniqueName()))).status).toBe(200);
  });
});
