/**
 * The app of the documents, whose key everybody knows: shown only to whoever asks on the service's own machine. The
 * server leaves it out for others, and a browser that is elsewhere, behind a proxy say, does not show it either.
 */
export const TRIAL: { readonly appId: string; readonly appKey: string } = (() => {
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
  const [appId = '', appKey = ''] = isLocal ? metaOf('trial-app').split(':') : [];
  return { appId, appKey };
})();

/** The public key for Web Push; empty: the service has none for the page. */
export const VAPID_KEY: string = metaOf('vapid-public-key');

function metaOf(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? '';
}
