import { type SchemaOptions, Type } from '@sinclair/typebox';
import { isDeeperThan } from '../json/bounds.js';
import { defineFormat } from './formats.js';
import { parseInstant } from './instant.js';

/** The limits of the documented contract. */
export const LIMITS = {
  name: 255,
  nativeToken: 4096,
  mobile: 32,
  tags: 100,
  /** Tags that a device once had and may still have messages of: beyond it those that ended first are forgotten. */
  endedTags: 200,
  /** Registered devices of one alias: every push to it is written once for each. */
  devicesOfAlias: 200,
  /** Tags that the devices of an app have ever had: each has its timeline for ever. */
  tagsOfApp: 100_000,
  tenantCode: 64,
  audiences: 1000,
  text: 65_536,
  shortText: 255,
  collapseKey: 64,
  pageToken: 4096,
  title: 1024,
  address: 2048,
  wakesPerSecond: 100_000,
  /** Characters of the keys of a browser's subscription, in Base64. */
  subscriptionKey: 100,
  subscriptionSecret: 32,
  /** Bytes of `extra` as JSON text in UTF-8: a store's statement holds it several times escaped. */
  extraBytes: 1_048_576,
  /**
   * Lists and objects of `extra` that stand in one another. The message around it is one more: many parsers take 64.
   */
  extraLevels: 60,
  /** Seconds: 30 days. */
  ttl: 2_592_000,
} as const;

/** Text that survives every encoding: no half of a surrogate pair. */
defineFormat('text', (value) => value.isWellFormed());
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a label may not have
const CONTROL = /[\u0000-\u001f\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what an address may not have
const HTTPS = /^(https:\/\/[^\u0000-\u0020\u007f]+)?$/;
/** A label: text without control characters. */
defineFormat('label', (value) => !CONTROL.test(value) && value.isWellFormed());
/** An https address, or nothing. */
defineFormat('image-address', (value) => HTTPS.test(value) && value.isWellFormed());
/** A moment, with its zone: RFC 3339. */
defineFormat('instant', (value) => parseInstant(value) !== undefined);
/** A label that does not say "everyone". */
defineFormat('name', (value) => !isEveryone(value) && !CONTROL.test(value) && value.isWellFormed());

/** Returns true if `extra` is no larger and no deeper than it may be. */
function isWithinBounds(json: string): boolean {
  return Buffer.byteLength(json) <= LIMITS.extraBytes && !isDeeperThan(json, LIMITS.extraLevels);
}

/** The bounds of `extra` in words, after `must be JSON text` or the like. */
export const EXTRA_BOUNDS = `of at most ${LIMITS.extraBytes} bytes and ${LIMITS.extraLevels} levels`;

/** The rule of `extra` over REST, where it is JSON in JSON. */
export const EXTRA_RULE = `must be JSON ${EXTRA_BOUNDS}`;

/** A value of JSON that is known to be one: its bounds. */
defineFormat('bounded-extra', isWithinBounds);

/** JSON text that `extra` may be, or nothing. */
defineFormat('extra', (value) => {
  if (value === '') return true;
  if (!isWithinBounds(value)) return false;
  try {
    JSON.parse(value);
    return value.isWellFormed();
  } catch {
    return false;
  }
});

/** Returns true if an audience says everyone: ALL, in any case. Reserved as alias and tag. */
export function isEveryone(value: string): boolean {
  return value.length === 3 && value.toUpperCase() === 'ALL';
}

/** Schemas carry their rule in words, for messages: `{ rule: 'must be …' }`. */
export function ruled<T extends SchemaOptions>(rule: string, options: T): T & { rule: string } {
  return { ...options, rule };
}

/** A user id or a tag. */
export const Name = (what: string) =>
  Type.String(
    ruled(
      `must be ${what} of 1 to ${LIMITS.name} characters, without control characters, not ALL (which is reserved)`,
      {
        minLength: 1,
        maxLength: LIMITS.name,
        format: 'name',
      },
    ),
  );

/** A string of `min` to `max` characters without control characters. */
export const Label = (max: number, min = 0) =>
  Type.String(
    ruled(
      min === 0
        ? `must be a string of at most ${max} characters, without control characters`
        : `must be a string of ${min} to ${max} characters, without control characters`,
      { minLength: min, maxLength: max, format: 'label' },
    ),
  );

/**
 * A string of `min` to `max` characters that a header carries as they are: printable ASCII. Of anything else a header
 * brings what some library made of its bytes, and two keys that differ may come as one.
 */
export const HeaderText = (max: number, min = 0) =>
  Type.String(
    ruled(
      min === 0
        ? `must be a string of at most ${max} characters of visible ASCII`
        : `must be a string of ${min} to ${max} characters of visible ASCII`,
      { minLength: min, maxLength: max, pattern: '^[ -~]*$' },
    ),
  );

/** A string of `min` to `max` characters. */
export const Text = (max: number, min = 0) =>
  Type.String(
    ruled(
      min === 0 ? `must be a string of at most ${max} characters` : `must be a string of ${min} to ${max} characters`,
      { minLength: min, maxLength: max, format: 'text' },
    ),
  );

/** An https address of at most `LIMITS.address` characters, or an empty text. */
export const HttpsAddress = () =>
  Type.String(
    ruled(`must be an https:// address of at most ${LIMITS.address} characters`, {
      maxLength: LIMITS.address,
      format: 'image-address',
    }),
  );

/** A moment in RFC 3339, with its zone. */
export const Instant = () =>
  Type.String(
    ruled('must be a time like 2026-01-31T08:00:00+08:00, with its zone', { maxLength: 64, format: 'instant' }),
  );

/** One of a few words. */
export const Word = <const T extends string>(words: readonly T[]) =>
  Type.Unsafe<T>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      ruled(`must be one of ${words.join(', ')}`, {}),
    ),
  );
