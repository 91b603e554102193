import type { Logger } from '../common/logs/log.js';
import type { Channels } from './channel/channels.js';
import type { CoreConfig } from './config.js';
import type { FollowingWebhooks } from './delivery/webhooks/webhooks.js';
import type { WriteCycle } from './delivery/writer/write-cycle.js';
import type { Registrations } from './registration/create-registrations.js';
import type { Store } from './store/store.js';

/**
 * Takes the credentials and webhooks that are stored, and the credential of the environment; has what is encrypted with
 * an earlier key encrypted with the first. None of them keeps the core from starting.
 */
export async function loadSecrets(parts: {
  channels: Channels;
  registrations: Pick<Registrations, 'signingKeys'>;
  webhooks: Pick<FollowingWebhooks, 'load'>;
  store: Store;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  config: Pick<CoreConfig, 'bootstrapApp' | 'vapid'>;
  log: Logger;
}): Promise<void> {
  const { channels, registrations, webhooks, store, cycle, config, log } = parts;
  for (const key of registrations.signingKeys.reseal(await store.loadSealedSigningKeys())) {
    await cycle.execute(cycle.commands.setSigningKey, { ...key, appId: '' }).catch(() => {});
  }
  for (const change of webhooks.load(await store.loadWebhooks())) {
    await cycle.execute(cycle.commands.changeWebhook, change).catch(() => {});
  }
  const resealed = channels.load(await store.loadChannels(), await store.loadHidingApps());
  if (resealed.length > 0) {
    const commits = resealed.map((channel) => cycle.execute(cycle.commands.setChannel, channel));
    const failed = (await Promise.allSettled(commits)).filter(({ status }) => status === 'rejected').length;
    log.info({ component: 'channels', channels: resealed.length - failed, failed }, 'encrypted with the first key');
  }
  if (config.bootstrapApp === undefined || config.vapid === undefined) return;
  const [app] = await store.findApps([config.bootstrapApp.id]);
  if (app !== undefined) channels.addVapid(app.num, config.vapid);
}
