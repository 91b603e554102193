// Encrypts a message for a user's devices, so that only they can read it, and decrypts it. docs/end-to-end.md tells how it is used.
//
//     node examples/node/end-to-end.mjs keys  <id of the key>     makes the keys of a device, or of a sender
//     node examples/node/end-to-end.mjs seal  < what to seal      prints what goes into a push as `extra`
//     node examples/node/end-to-end.mjs open  < what has come     prints the text
//
// Needs nothing but WebCrypto, so the functions run in browsers as they are.
import { text as readAll } from 'node:stream/consumers';

const { subtle } = globalThis.crypto;
const CURVE = 'P-256';
const PURPOSE = 'my-app messages v1';
const utf8 = new TextEncoder();
const encode = (bytes) => Buffer.from(bytes).toString('base64url');
const decode = (text) => new Uint8Array(Buffer.from(text, 'base64url'));
const importKey = (algorithm, key, usages) =>
  subtle.importKey('jwk', key, { name: algorithm, namedCurve: CURVE }, false, usages);

/** Makes two pairs of keys: one that others encrypt for, one that signs. The private ones stay where they are made. */
export async function makeKeys(id) {
  const pair = async (name, usages) => {
    const { publicKey, privateKey } = await subtle.generateKey({ name, namedCurve: CURVE }, true, usages);
    const plain = async (key) => {
      const { kty, crv, x, y, d } = await subtle.exportKey('jwk', key);
      return { kty, crv, x, y, d };
    };
    return { publicKey: await plain(publicKey), privateKey: await plain(privateKey) };
  };
  return { id, encryption: await pair('ECDH', ['deriveBits']), signature: await pair('ECDSA', ['sign', 'verify']) };
}

/**
 * Seals a text for each device of a user.
 *
 * @param from the sender's id, and its private key for signatures
 * @param to ids of the devices' keys, and their public keys for encryption
 * @param message the app's id, the user's alias, an id of the sender's own that is never used again, and the text
 */
export async function seal({ from, to, appId, alias, messageId, text }) {
  const head = { v: 1, appId, alias, messageId, sentAt: Date.now(), from: from.id };
  const sealed = await Promise.all(to.map((device) => sealFor(device, head, text)));
  // Of all of it: whoever passes it on can neither change it nor make one up.
  const key = await importKey('ECDSA', from.privateKey, ['sign']);
  const signature = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, signed(head, sealed));
  return { sealed: { ...head, to: sealed, signature: encode(signature) } };
}

async function sealFor({ id, publicKey }, head, text) {
  const once = await subtle.generateKey({ name: 'ECDH', namedCurve: CURVE }, true, ['deriveBits']);
  const oncePublic = new Uint8Array(await subtle.exportKey('raw', once.publicKey));
  const key = await derive(once.privateKey, await importKey('ECDH', publicKey, []), oncePublic, publicKey);
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const data = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bound(head, id) }, key, utf8.encode(text));
  return { key: id, once: encode(oncePublic), iv: encode(iv), data: encode(data) };
}

/**
 * Opens what has come in a message's `extra`; throws if it is not what its sender has sealed for this device.
 *
 * @param device the ids of the device's keys, old ones too, with their private and public keys for encryption
 * @param senders ids of senders that are trusted, with their public keys for signatures: part of the app, not sent
 * @param expected the app's id, the user's alias, ids of messages that have been opened, and how old one may be
 */
export async function open({ extra, device, senders, appId, alias, opened = [], maxAgeMs = 4 * 86_400_000 }) {
  const { to, signature, ...head } = extra.sealed;
  if (head.v !== 1 || head.appId !== appId || head.alias !== alias) throw new Error('not for this user');
  const sender = senders.find(({ id }) => id === head.from);
  if (sender === undefined) throw new Error('not of a sender that is known');
  const key = await importKey('ECDSA', sender.publicKey, ['verify']);
  const isGenuine = await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, decode(signature), signed(head, to));
  if (!isGenuine) throw new Error('not what its sender has signed');
  if (opened.includes(head.messageId)) throw new Error('opened before');
  if (Math.abs(Date.now() - head.sentAt) > maxAgeMs) throw new Error('too old');
  for (const { id, privateKey, publicKey } of device) {
    const own = to.find((each) => each.key === id);
    if (own === undefined) continue;
    const once = await subtle.importKey('raw', decode(own.once), { name: 'ECDH', namedCurve: CURVE }, false, []);
    const secretKey = await importKey('ECDH', privateKey, ['deriveBits']);
    const cipher = { name: 'AES-GCM', iv: decode(own.iv), additionalData: bound(head, id) };
    const plain = await subtle.decrypt(
      cipher,
      await derive(secretKey, once, decode(own.once), publicKey),
      decode(own.data),
    );
    return { messageId: head.messageId, text: new TextDecoder().decode(plain) };
  }
  throw new Error('sealed for other keys');
}

/** A key that is used once: the secret that both sides can compute, bound to both public keys and to the purpose. */
async function derive(privateKey, publicKey, once, { x, y }) {
  const secret = await subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256);
  const material = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const salt = utf8.encode(JSON.stringify([encode(once), x, y]));
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt, info: utf8.encode(PURPOSE) };
  return subtle.deriveKey(hkdf, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** What a text is bound to: moved into another message, to another user or another device, it does not open. */
const bound = ({ v, appId, alias, messageId, sentAt, from }, key) =>
  utf8.encode(JSON.stringify([v, appId, alias, messageId, sentAt, from, key]));

const signed = ({ v, appId, alias, messageId, sentAt, from }, to) =>
  utf8.encode(
    JSON.stringify([
      v,
      appId,
      alias,
      messageId,
      sentAt,
      from,
      ...to.map(({ key, once, iv, data }) => [key, once, iv, data]),
    ]),
  );

const [command, id] = process.argv.slice(2);
try {
  if (command === 'keys') console.log(JSON.stringify(await makeKeys(id)));
  if (command === 'seal') console.log(JSON.stringify(await seal(JSON.parse(await readAll(process.stdin)))));
  if (command === 'open') console.log(JSON.stringify(await open(JSON.parse(await readAll(process.stdin)))));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
