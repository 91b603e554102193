/** One line of the doctor. */
export interface Check {
  readonly name: string;
  /** `warn`: it works, or may not be meant to; `fail`: it does not work. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly says: string;
  /** Next step; empty: there is none. */
  readonly next: string;
}

/** Makes a line that is fine. */
export const ok = (name: string, says: string): Check => ({ name, level: 'ok', says, next: '' });
/** Makes a line that is to be looked at. */
export const warn = (name: string, says: string, next: string): Check => ({ name, level: 'warn', says, next });
/** Makes a line about something that does not work. */
export const fail = (name: string, says: string, next: string): Check => ({ name, level: 'fail', says, next });
