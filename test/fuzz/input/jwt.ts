import type { Random } from './random.js';
import { MARKER, oddText } from './values.js';

const ALGORITHMS = ['none', 'HS256', 'ES256', 'EdDSA', 'RS256', 'hs256', 'PS512', '', 0, null];

/** Makes something like a JWT: three parts of base64url, of which any may be odd. */
export function oddJwt(random: Random, appId: string): string {
  const header = {
    alg: random.pick(ALGORITHMS),
    ...(random.chance(0.5)
      ? { kid: random.pick(['1', MARKER, '../../etc/passwd', oddText(random).slice(0, 40)]) }
      : {}),
    ...(random.chance(0.1) ? { jku: 'http://127.0.0.1:1/keys', crit: ['exp'], b64: false } : {}),
  };
  const claims = {
    sub: random.pick<unknown>([MARKER, 'fuzz-user-0', 1, null, oddText(random).slice(0, 40)]),
    aud: random.pick<unknown>([appId, [appId], MARKER, {}]),
    exp: random.pick<unknown>([4_000_000_000, 0, -1, 1e300, 'soon', null]),
    ...(random.chance(0.3) ? { tags: random.pick<unknown>([['a'], 'a', [1], MARKER]) } : {}),
  };
  const parts = [toPart(header), toPart(claims), random.bytes(random.pick([0, 32, 64])).toString('base64url')];
  if (random.chance(0.2)) parts[random.below(3)] = random.pick(['', '=', '%00', 'e30', MARKER, 'x'.repeat(5000)]);
  if (random.chance(0.1)) parts.push('x');
  return parts.join('.');
}

function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
