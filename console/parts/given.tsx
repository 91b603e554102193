import type { ComponentChildren } from 'preact';

/** A text that a caller wrote: its direction is its own, and turns nothing around it. */
export function Given({ children }: { children: ComponentChildren }) {
  return <bdi class="given">{children}</bdi>;
}

/** The beginning of a device's id, which is a secret as a whole. */
export function ShortId({ id }: { id: string }) {
  return <code>{id.slice(0, 8)}…</code>;
}
