/** The page's service worker: shows what a push message says, unless the browser had that message already. */

const IDS = '/ids'; // The entry of the cache, which no request reads.
const MAX_IDS = 200;

// A newer worker needs nothing of the one before.
addEventListener('install', () => skipWaiting());
addEventListener('push', (event) => event.waitUntil(inTurn(() => show(readPayload(event.data)))));
addEventListener('message', (event) => event.waitUntil(inTurn(() => drop(event.data.received))));
addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openTarget(event.notification.data?.url));
});

let last = Promise.resolve();

/** Runs a step after those before it, for each reads and writes the list of ids. */
function inTurn(step) {
  last = last.then(step, step);
  return last;
}

/** What cannot be read is an empty message: something must be shown. A member that is null is none. */
function readPayload(data) {
  try {
    return JSON.parse(data.text(), (_, value) => value ?? undefined) ?? {};
  } catch {
    return {};
  }
}

/** Shows a notification. `badge` is a number for an app's icon, of which a page has none. */
async function show({ id, title, url, badge: _, ...options }) {
  if (id !== undefined && !(await remember(id))) return;
  const line = title ? String(title) : 'New message';
  const data = { id, url };
  await registration
    .showNotification(line, { ...options, data })
    // An override may have said what browsers refuse.
    .catch(() => registration.showNotification(line, { tag: options.tag, data }));
}

/** Drops a message that a tab had from its socket: it is not to be shown, and not any longer. */
async function drop(id) {
  await remember(id);
  for (const shown of await registration.getNotifications()) if (shown.data?.id === id) shown.close();
}

/** Returns false if the id is one of the last that were remembered. Without storage every id is new. */
async function remember(id) {
  try {
    const cache = await caches.open('onepush');
    const ids = (await (await cache.match(IDS))?.json()) ?? [];
    if (ids.includes(id)) return false;
    await cache.put(IDS, new Response(JSON.stringify([...ids, id].slice(-MAX_IDS))));
  } catch {
    // Better shown twice than not at all.
  }
  return true;
}

/** Opens a click target that is an address of the web; anything else, such as a script, only leads to the page. */
async function openTarget(target) {
  if (URL.canParse(target) && /^https?:$/.test(new URL(target).protocol)) return clients.openWindow(target);
  const [page] = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  return page ? page.focus() : clients.openWindow('/');
}
