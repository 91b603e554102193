import { CONTENT_FIELDS, type PushContent } from '../../domain/push.js';
import { StoreFault } from './driver.js';

const TYPES = Object.entries(CONTENT_FIELDS);

/**
 * A push's content as the store keeps it: JSON, in which `extra` is a string of JSON text, so that it keeps every
 * digit.
 */
export function encodeContent(content: PushContent): string {
  return JSON.stringify(content);
}

/** @throws StoreFault if this is not what `encodeContent` wrote */
export function decodeContent(text: string): PushContent {
  const value = parseJson(text);
  if (!isContent(value)) throw new StoreFault('a push has content that is not ours');
  return value;
}

/** Undefined for what is no JSON: the parser's own error would repeat the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns true if this is a content, as `encodeContent` writes it. */
export function isContent(value: unknown): value is PushContent {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    fields.alert !== undefined &&
    TYPES.every(([name, type]) => fields[name] === undefined || typeof fields[name] === type)
  );
}
