/** The page's service worker. It opens whatever click target of the web a push has, for the page is there to try. */
import { handlePushes } from '../../../device/service-worker.js';
import { words } from './words.js';

// A newer worker needs nothing of the one before.
addEventListener('install', () => {
  // Safe: this script runs as a service worker.
  (globalThis as unknown as { skipWaiting(): void }).skipWaiting();
});
handlePushes({ title: words.newMessage, openable: '*' });
