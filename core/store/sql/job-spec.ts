import type { JobSpec } from '../../domain/job.js';
import { isContent, parseJson } from './content.js';
import { StoreFault } from './driver.js';

/** A job's spec as the store keeps it: JSON. */
export function encodeSpec(spec: JobSpec): string {
  return JSON.stringify(spec);
}

/** @throws StoreFault if this is not what `encodeSpec` wrote */
export function decodeSpec(text: unknown): JobSpec {
  const value = parseJson(String(text));
  if (!isSpec(value)) throw new StoreFault('a job has a spec that is not ours');
  return value;
}

/** The same without its content and its audience, and why, if it has failed. */
export function erasedSpec(text: unknown, failure?: string): string {
  return encodeSpec({ header: decodeSpec(text).header, failure });
}

/** Returns true if its parts are there: the header and the audience were checked when the job was accepted. */
function isSpec(value: unknown): value is JobSpec {
  if (!isObject(value) || !isObject(value.header)) return false;
  const { work, failure } = value;
  if (failure !== undefined && typeof failure !== 'string') return false;
  return work === undefined || (isObject(work) && isContent(work.content) && isObject(work.reach));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
