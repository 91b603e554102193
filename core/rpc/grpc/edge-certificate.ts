import type { ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { ServerInterceptingCall, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';

/** Returns true if the other side has shown a certificate of the CAs that the port trusts. */
export function hasShownCertificate({ session }: ServerHttp2Stream): boolean {
  // A proxy of the socket, which is one of TLS where this is asked.
  const socket = session?.socket as TLSSocket | undefined;
  return socket?.authorized === true;
}

/** Refuses a call of an edge without a certificate. Not UNAUTHENTICATED: that is a wrong link token. */
export function refuseEdge(call: ServerInterceptingCallInterface): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start(next) {
      next({
        onReceiveMetadata() {
          const details = 'an edge needs a certificate of the CAs in ONEPUSH_LINK_TLS_CA';
          call.sendStatus({ code: status.PERMISSION_DENIED, details });
        },
        onReceiveMessage() {},
        onReceiveHalfClose() {},
        onCancel() {},
      });
    },
  });
}
