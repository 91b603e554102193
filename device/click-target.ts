/** Addresses that a click on a notification opens. */
export interface ClickTargets {
  /** Address of the app, opened where there is no target, or one that may not be opened; `/` by default. */
  readonly home?: string;
  /** Origins beside the app's own to which targets may lead, like `https://shop.example.com`; `*`: all of the web. */
  readonly openable?: readonly string[] | '*';
}

/** An address to open. */
export interface ChosenTarget {
  /** The address. */
  readonly url: string;
  /** No target was given that may be opened: any window of the app will do. */
  readonly isHome: boolean;
}

/** Words of the addresses that may be opened: others, such as scripts, never are. */
const WEB = /^https?:$/;

/**
 * Returns the address that a click opens. Targets come from whoever may push: they lead to the app itself, and
 * elsewhere only where the app allows it.
 *
 * @param target of the push; may be relative
 * @param own address of the app
 */
export function chooseTarget(target: unknown, own: string, { home = '/', openable = [] }: ClickTargets): ChosenTarget {
  const url = typeof target === 'string' && target !== '' ? toUrl(target, own) : undefined;
  if (url !== undefined && WEB.test(url.protocol)) {
    const isAllowed = openable === '*' || url.origin === toUrl(own, own)?.origin || openable.includes(url.origin);
    if (isAllowed) return { url: url.href, isHome: false };
  }
  return { url: toUrl(home, own)?.href ?? own, isHome: true };
}

/** A `URL`, as far as it is used. */
interface UrlLike {
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
}

function toUrl(text: string, base: string): UrlLike | undefined {
  try {
    // Safe: service workers have it.
    const { URL } = globalThis as unknown as { URL: new (text: string, base: string) => UrlLike };
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
