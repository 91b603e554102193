import { Buffer } from 'node:buffer';
import { type Client as ConnectClient, type ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { Stack } from './stack.js';

/** How PushCore can be called. */
export const PROTOCOLS = ['grpc', 'connect', 'grpc-web'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export type PushCoreClient = ConnectClient<typeof PushCore>;

/** A client of the stack's core. gRPC goes to its own port, the others to the Connect port. */
export function pushCoreClient(stack: Pick<Stack, 'grpcAddr' | 'connectUrl'>, protocol: Protocol): PushCoreClient {
  const connect = { baseUrl: stack.connectUrl, httpVersion: '1.1' } as const;
  switch (protocol) {
    case 'grpc':
      return createClient(PushCore, createGrpcTransport({ baseUrl: `http://${stack.grpcAddr}` }));
    case 'connect':
      return createClient(PushCore, createConnectTransport(connect));
    case 'grpc-web':
      return createClient(PushCore, createGrpcWebTransport(connect));
  }
}

/** The credentials of an app, as call headers. */
export function basic(appId: string, appKey: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Basic ${Buffer.from(`${appId}:${appKey}`).toString('base64')}` } };
}

/** The admin token, as call headers. */
export function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** The error that a call fails with; fails the test if it does not. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error('the call was expected to fail');
    },
    (error: ConnectError) => error,
  );
}
