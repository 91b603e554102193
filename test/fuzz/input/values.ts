import { ODD_TEXTS } from '../../support/odd-texts.js';
import type { Target } from '../target.js';
import type { Random } from './random.js';

/** Stands where secrets and texts do. No refusal may repeat it, and no log line may have it. */
export const MARKER = 'qzMarkerzq41';

const HARMLESS = ['a', 'user-1', 'x y', '0', 'true', 'null', '12345678901234567890', '2027-01-31T12:00:00Z'];
const HOSTILE = [
  '',
  ' ',
  '\u0000',
  'a\nb',
  '\r\n',
  'a\tb',
  '\u007f',
  'ALL',
  'all',
  '../../etc/passwd',
  "' OR 1=1 --",
  '$(id)',
  '{{7*7}}',
  '<script>',
  '%s%n',
  '__proto__',
  'constructor',
  'toString',
  '\u202e',
];

/** A text that fits nearly everywhere. */
export function plainText(random: Random): string {
  return random.chance(0.7) ? random.pick(HARMLESS) : random.pick(ODD_TEXTS);
}

/** A text that fits in few places, or none. */
export function oddText(random: Random): string {
  switch (random.below(8)) {
    case 0:
      return random.pick(ODD_TEXTS);
    case 1:
      return random.pick(ODD_TEXTS) + random.pick(HOSTILE);
    case 2:
      return MARKER;
    case 3:
      return `${random.pick(HOSTILE)}${MARKER}${random.pick(HOSTILE)}`;
    case 4:
      return MARKER.repeat(random.pick([2, 6, 22, 100]));
    case 5:
      return random
        .pick(['x', '王', '👍', '"', '\\', '\u0301'])
        .repeat(random.pick([32, 64, 65, 255, 256, 1000, 4097]));
    default:
      return random.pick(HOSTILE);
  }
}

/** A whole number, and often one at an end of some type. */
export function oddNumber(random: Random): number {
  return random.pick([
    0,
    -0,
    1,
    -1,
    2,
    100,
    1000,
    1001,
    65_536,
    259_200,
    259_201,
    604_801,
    2_592_001,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 53),
    1e300,
    1.5,
    -1.5,
    1e-300,
    random.below(2 ** 32),
  ]);
}

/** What fits into a field of this name, by any of the interfaces. */
export function fittingText(name: string, random: Random, target: Target): string {
  switch (name.replaceAll('_', '').toLowerCase()) {
    case 'appid':
      return target.app.id;
    case 'appkey':
    case 'secret':
      return target.app.key;
    case 'id':
      return target.spare.id;
    case 'alias':
    case 'aliases':
    case 'values':
    case 'audiences':
      return `fuzz-user-${random.below(60)}`;
    case 'tag':
    case 'tags':
    case 'addtags':
    case 'removetags':
      return `fuzz-tag-${random.below(30)}`;
    case 'nativetoken':
      return `fuzz-token-${random.below(300)}`;
    case 'deviceid':
    case 'ids':
      return random.chance(0.8) ? random.pick(target.deviceIds) : random.bytes(16).toString('hex');
    case 'requestid':
      return random.chance(0.8) ? target.requestId : String(random.below(2 ** 32));
    case 'extrajson':
      return random.pick(['', '{"a":1}', '[1,2,3]', '12345678901234567890', '"x"', 'null']);
    case 'image':
      return random.pick(['', 'https://example.com/a.png']);
    case 'wakeoverrides':
      return random.pick(['', '{"APNS":{"aps":{"badge":1}}}', '{}']);
    case 'token':
      return random.pick(['a', 'b']).repeat(64);
    case 'p256dh':
      return 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
    case 'auth':
      return 'BTBZMqHH6r4Tts7J_aSIgg';
    case 'position':
    case 'pagetoken':
      return '';
    case 'mobile':
      return random.pick(['', '+49 30 1234']);
    default:
      return plainText(random);
  }
}
