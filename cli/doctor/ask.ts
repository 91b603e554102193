import { get as getPlainly } from 'node:http';
import { get as getSecurely } from 'node:https';
import { connect } from 'node:net';

/** Time that an answer may take, in milliseconds. */
const WITHIN_MS = 3000;

/** Reads a page of a port of our own, whatever its certificate says; undefined: nothing answers. */
export function findPage(url: string): Promise<{ status: number; text: string } | undefined> {
  const get = url.startsWith('https:') ? getSecurely : getPlainly;
  return new Promise((resolve) => {
    const request = get(url, { rejectUnauthorized: false, agent: false, timeout: WITHIN_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** Resolves with true if something takes a connection. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: WITHIN_MS });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}
