import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ServerInfoResponseSchema } from '../../../gen/onepush/v1/server_pb.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The method that tells what runs here. */
export function createServerHandlers({ server }: Pick<ServiceParts, 'server'>): Pick<PushCoreHandlers, 'serverInfo'> {
  return {
    async serverInfo(_request, { caller }) {
      const { version } = server;
      const features = [...server.features];
      if (caller.kind !== 'admin') return create(ServerInfoResponseSchema, { version, features });
      const { startedAt, coreId, epoch, store, edges, samples } = await server.read();
      return create(ServerInfoResponseSchema, {
        version,
        features,
        startedAt: timestampFromMs(startedAt),
        coreId,
        epoch: BigInt(epoch),
        store: store.kind,
        storeVersion: store.version,
        edges: [...edges],
        samples: samples.map(({ name, labels, value }) => ({ name, labels: { ...labels }, value })),
      });
    },
  };
}
