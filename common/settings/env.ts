import { BlockList, isIP } from 'node:net';
import { SETTINGS } from './settings.js';

/** Hosts that stand for all addresses of a machine. */
const WILDCARDS = new Set(['0.0.0.0', '::']);

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A host and a port. */
export interface Address {
  /** A name or an address, without brackets. */
  host: string;
  /** 0 takes a free one. */
  port: number;
}

/** The faults of the environment: all of them at once. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * Reads settings and gathers what is wrong with them. An empty value counts as absent. No value is ever repeated in a
 * message: it may be a secret.
 */
export class EnvReader {
  private readonly problems: string[] = [];

  constructor(private readonly env: Environment) {}

  /** A problem that several settings make together. */
  problem(text: string): void {
    this.problems.push(text);
  }

  text(name: string): string | undefined {
    return this.env[name] || undefined;
  }

  /** A secret that travels in a header: no client can send a blank, a line break or a letter beyond ASCII there. */
  secret(name: string): string | undefined {
    const value = this.text(name);
    if (value !== undefined && !/^[\x21-\x7e]+$/.test(value))
      this.problem(`${name} must be visible ASCII without blanks`);
    return value;
  }

  /** The same of a secret that must be set. */
  requiredSecret(name: string): string {
    const value = this.secret(name);
    if (value === undefined) this.problem(`${name} is required`);
    return value ?? '';
  }

  /** Text that matches `pattern`; `rule` says what is asked for. */
  matching(name: string, fallback: string, pattern: RegExp, rule: string): string {
    const value = this.text(name) ?? fallback;
    if (pattern.test(value)) return value;
    this.problem(`${name} must be ${rule}`);
    return fallback;
  }

  oneOf<T extends string>(name: string, fallback: T, values: readonly T[]): T {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) this.problem(`${name} must be one of ${values.join(', ')}`);
    return found ?? fallback;
  }

  /** A whole number in a range. */
  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    this.problem(`${name} must be a whole number from ${min} to ${max}`);
    return fallback;
  }

  /** `host:port`; port 0 takes a free one. */
  address(name: string, fallback: string): Address {
    return this.addresses(name, fallback)[0] ?? { host: '127.0.0.1', port: 0 };
  }

  /**
   * Checks the listeners of a process, by the names of their settings: port 0 takes a free one, and is never another's.
   */
  apart(listeners: Readonly<Record<string, Address>>): void {
    const seen: [string, Address][] = [];
    for (const [name, address] of Object.entries(listeners)) {
      const other = seen.find(([, earlier]) => overlap(earlier, address));
      if (other !== undefined) this.problem(`${name} must not be the port of ${other[0]}`);
      seen.push([name, address]);
    }
  }

  /** Addresses to connect to: `host:port`, several of them separated by commas. */
  targets(name: string, fallback: string): Address[] {
    const found = this.addresses(name, fallback);
    if (found.some(({ port }) => port === 0)) this.problem(`${name} must not have the port 0`);
    return found;
  }

  /** `host:port`, several of them separated by commas. */
  addresses(name: string, fallback: string): Address[] {
    const parsed: Address[] = [];
    for (const part of (this.text(name) ?? fallback).split(',')) {
      const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(part.trim()) ?? [];
      const host = bracketed ?? plain;
      if (host === undefined || Number(port) > 65_535) this.problem(`${name} must be host:port`);
      else parsed.push({ host, port: Number(port) });
    }
    return parsed;
  }

  /** Addresses and networks, `10.0.0.0/8` or `fd00::/8`, separated by commas. Empty by default. */
  networks(name: string): BlockList {
    const found = new BlockList();
    for (const part of (this.text(name) ?? '').split(',').map((text) => text.trim())) {
      if (part === '') continue;
      const [, address = '', length] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(part) ?? [];
      const version = isIP(address);
      const bits = version === 4 ? 32 : 128;
      const prefix = length === undefined ? bits : Number(length);
      if (version !== 0 && prefix <= bits) found.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
      else this.problem(`${name} must be a list of addresses and networks such as 10.0.0.0/8`);
    }
    return found;
  }

  /**
   * Origins of pages, separated by commas: `https://console.example.com`. Empty by default.
   *
   * @param others that may stand among them
   */
  origins(name: string, others: readonly string[] = []): ReadonlySet<string> {
    const found = new Set((this.text(name) ?? '').split(',').map((part) => part.trim()));
    found.delete('');
    for (const origin of found) {
      if (others.includes(origin)) continue;
      if (/^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin) continue;
      const more = others.map((word) => `, or ${word}`).join('');
      this.problem(`${name} must be a list of origins such as https://console.example.com${more}`);
    }
    return found;
  }

  /**
   * @throws ConfigError naming every problem that was found, and beside them the names that are no settings: one of
   * these may be why
   */
  done(): void {
    if (this.problems.length === 0) return;
    const unknown = unknownSettings(this.env).map((name) => `${name} is not a setting`);
    throw new ConfigError([...this.problems, ...unknown]);
  }
}

/** Names that look like settings and are none: most likely misspelt. */
export function unknownSettings(env: Environment): string[] {
  return Object.keys(env).filter((name) => name.startsWith('ONEPUSH_') && !(name in SETTINGS));
}

/** Returns true if one port cannot be listened on at both addresses. */
function overlap(one: Address, other: Address): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || WILDCARDS.has(one.host) || WILDCARDS.has(other.host);
}

/** Returns true if a host is this machine, for itself only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Returns a host at which this machine reaches what listens on another: a loopback address for all of them. */
export function reachableHost(host: string): string {
  if (!WILDCARDS.has(host)) return host;
  return host === '::' ? '::1' : '127.0.0.1';
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
