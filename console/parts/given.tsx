import type { ComponentChildren } from 'preact';
import { goToDevice } from '../route.js';
import { t } from '../texts/index.js';

/** A text that a caller wrote: its direction is its own, and turns nothing around it. */
export function Given({ children }: { children: ComponentChildren }) {
  return <bdi class="given">{children}</bdi>;
}

/** Returns the beginning of a device's id, which is a secret as a whole. */
export function shortId(id: string): string {
  return `${id.slice(0, 8)}…`;
}

/** The beginning of a device's id. */
export function ShortId({ id }: { id: string }) {
  return <code>{shortId(id)}</code>;
}

/** Goes to what came of the pushes for a device. A button: a link would have the id in its address. */
export function DeviceButton({ id }: { id: string }) {
  return (
    <button
      type="button"
      class="link"
      aria-label={`${t('device')} ${shortId(id)}`}
      onClick={() => goToDevice('timeline', id)}
    >
      <ShortId id={id} />
    </button>
  );
}
