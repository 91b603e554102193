import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Static, type TObject, Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { ruled } from '../../common/contract/fields.js';
import { defineFormat } from '../../common/contract/formats.js';
import { ChannelSettingsError } from './channel.js';

defineFormat('vendor-address', (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.search === '' && url.hash === '';
});
defineFormat('certificates', (value) => doesNotThrow(() => new X509Certificate(value)));
defineFormat('rsa-key', (value) => doesNotThrow(() => createPrivateKey(value).asymmetricKeyType === 'rsa'));

/** A secret, an id or a name: visible ASCII, as it goes into headers. */
export const VisibleAscii = (max = 255) =>
  Type.String(ruled(`must be a string of 1 to ${max} characters of visible ASCII`, { pattern: `^[!-~]{1,${max}}$` }));

/** A private key of RSA in PEM. */
export const RsaKey = Type.String(ruled('must be a private key of RSA in PEM', { format: 'rsa-key' }));

/** Settings that all channels have; all may be absent. */
export const COMMON_SETTINGS = {
  /** The vendor's address, instead of its own: of a proxy, or of a region. */
  baseUrl: Type.Optional(
    Type.String(ruled('must be an https address without a query', { format: 'vendor-address', maxLength: 2048 })),
  ),
  /** Certificates that are trusted instead of the system's. */
  ca: Type.Optional(Type.String(ruled('must be a certificate in PEM', { format: 'certificates' }))),
  /** Messages a second. */
  perSecond: Type.Optional(
    Type.Number(ruled('must be a number from 0.01 to 100000', { minimum: 0.01, maximum: 100_000 })),
  ),
  /** Messages under way at a time. */
  concurrent: Type.Optional(
    Type.Integer(ruled('must be a whole number from 1 to 1000', { minimum: 1, maximum: 1000 })),
  ),
};

/** Returns a function that reads settings of JSON, with fields of this schema and no others. */
export function createSettingsReader<T extends TObject>(schema: T): (json: unknown) => Static<T> {
  const checker = createChecker(schema);
  return (json) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new ChannelSettingsError([{ field: 'settings', problem: 'must be a JSON object' }]);
    }
    const problems = checker.violations(json).map(({ field, rule }) => ({ field, problem: rule }));
    for (const field of Object.keys(json)) {
      if (!(field in schema.properties)) problems.push({ field, problem: 'is not a setting of this channel' });
    }
    if (problems.length > 0) throw new ChannelSettingsError(problems);
    // Safe: the checker found nothing.
    return json as Static<T>;
  };
}

/** Returns the address of a path, below the settings' own address or the vendor's. */
export function addressOf(settings: { readonly baseUrl?: string | undefined }, vendor: string, path: string): string {
  return `${(settings.baseUrl ?? vendor).replace(/\/+$/, '')}${path}`;
}

function doesNotThrow(check: () => unknown): boolean {
  try {
    return check() !== false;
  } catch {
    return false;
  }
}
