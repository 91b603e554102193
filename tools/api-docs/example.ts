import type { JsonObject } from '@bufbuild/protobuf';

/** One call with curl. Both bodies must fit the schema; a test makes the calls and compares. */
export interface CurlExample {
  /** Owner of the credentials that it has. */
  as: 'nobody' | 'app' | 'admin';
  /** May have `$DEVICE`, `$PUSH`, `$APP`, `$KEY`, `$SIGNING_KEY`, `$WEBHOOK` and `$TOKEN` for ids. */
  request: JsonObject;
  /** The answer. */
  answer: JsonObject;
}

/** Id of a device. */
export const DEVICE = 'b17831a7db850a0478e1ce71fef29618';
/** Id of a push. */
export const PUSH = '244946072924160';
/** Id of an app. */
export const APP = '104aa31fc8770c2c';
/** Key of an app, or a token. */
export const KEY = 'JVct4TdMOU4KP-oo5GaLhG1Hgu24cnLy';
/** Time of what has happened. */
export const TIME = '2026-01-31T12:00:00.123Z';
/** Time of what is to come. */
export const LATER = '2026-02-03T12:00:00.123Z';
