import { useEffect, useRef } from 'preact/hooks';

/** Links to pages, or to parts of one, in a row that scrolls on phones: the present one is in view. */
export function Nav(props: {
  label: string;
  class?: string;
  /** Each with its address, its text, and true if it is the present one. */
  links: readonly (readonly [string, string, boolean])[];
}) {
  const nav = useRef<HTMLElement>(null);
  const present = props.links.find(([, , isPresent]) => isPresent)?.[0];
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>('[aria-current]');
    if (nav.current === null || link === null || link === undefined) return;
    nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2;
  }, [present]);
  return (
    <nav class={props.class} aria-label={props.label} ref={nav}>
      {props.links.map(([href, text, isPresent]) => (
        <a key={href} href={href} aria-current={isPresent ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
