/** The process that reads a setting. */
export type ReadBy = 'core' | 'edge' | 'both';

/** One setting. Its name in the environment is its key in `SETTINGS`. */
export interface Setting {
  /** The process that reads it. */
  readonly readBy: ReadBy;
  /**
   * The form of its value. `networks`: addresses, or networks as CIDR writes them. `secret`: visible ASCII without
   * blanks. `flag`: 0 or 1. `file`: the path of a file in PEM. `text`: as `rule` says, and as the reader of this one
   * setting checks.
   */
  readonly type:
    | 'address'
    | 'addresses'
    | 'networks'
    | 'origins'
    | 'secret'
    | 'integer'
    | 'flag'
    | 'word'
    | 'file'
    | 'text';
  /** The value where it is absent, or one for each process; undefined: there is none. */
  readonly fallback: string | number | { readonly core: string; readonly edge: string } | undefined;
  /** True: a process does not start without it. */
  readonly required?: true;
  /** Unit of an integer, for people. */
  readonly unit?: string;
  /** Least and greatest value of an integer. */
  readonly range?: readonly [number, number];
  /** The words that may stand there. */
  readonly words?: readonly string[];
  /** The form of a text, for people. */
  readonly rule?: string;
  /** Meaning, as Markdown. A link is relative to docs/. */
  readonly meaning: string;
}
