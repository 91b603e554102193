import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { agoOf, exactTimeOf, timeOf } from '../format.js';

/** A time by the clock of the reader; its title has the time zone. `relative`: how long ago, with the time as title. */
export function Time({ at, relative = false }: { at: Timestamp | undefined; relative?: boolean }) {
  if (at === undefined) return <>–</>;
  const ago = agoOf(at);
  return (
    <time
      dateTime={timestampDate(at).toISOString()}
      title={relative ? exactTimeOf(at) : `${exactTimeOf(at)} (${ago})`}
      class="time"
    >
      {relative ? ago : timeOf(at)}
    </time>
  );
}
