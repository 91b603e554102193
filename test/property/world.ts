import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../common/logs/log.js';
import type { Log } from '../../core/store/sqlite/driver.js';
import { openSqliteStore } from '../../core/store/sqlite/open.js';
import type { Store } from '../../core/store/store.js';
import { type Core, startCore } from './core.js';
import { createEdge, type Edge, type Socket } from './edge.js';
import { Broken, type Connection, createModel, type Model } from './model.js';

const START = 1_800_000_000_000;
/** Turns of the loop without anything happening after which nothing will. */
const QUIET_TURNS = 12;
const MAX_TURNS = 5000;

/** Nothing here survives the process, and what takes as long as the disk would come to rest at no known turn. */
const UNSYNCED: Log = { datasync: async () => {}, close: async () => {} };

/** A device's socket, and what it has received. */
export interface Line {
  socket: Socket;
  connection: Connection;
}

/**
 * A core and an edge in this process, their clock in the test's hand, and the model that watches what comes out of
 * them.
 */
export interface World {
  readonly model: Model;
  readonly core: Core;
  readonly store: Store;
  /** Public ids of the devices that have ever registered, by number. */
  readonly deviceIds: Map<number, string>;
  /** The last socket of each device, open or not. */
  readonly lines: Map<number, Line>;
  now(): number;
  advance(milliseconds: number): void;
  turn(): Promise<void>;
  /** Until nothing happens any more. */
  settle(): Promise<void>;
  /** Until the promise is settled. */
  wait<T>(promise: Promise<T>): Promise<T>;
  connect(device: number): Line | undefined;
  killCore(): Promise<void>;
  killEdge(): void;
  cutLink(coreKnows: boolean): void;
  /** Every look-up of the store takes so many turns from now on. */
  slowReads(turns: number): void;
  note(line: string): void;
  /** What happened, for people. */
  readonly story: readonly string[];
  close(): Promise<void>;
}

let template: Promise<string> | undefined;

/** A database file with its tables: made once, copied for each world. */
async function makeTemplate(): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'onepush-template-')), 'onepush.db');
  await (await openSqliteStore(file)).close();
  return file;
}

export async function createWorld(): Promise<World> {
  template ??= makeTemplate();
  const directory = await mkdtemp(join(tmpdir(), 'onepush-world-'));
  const file = join(directory, 'onepush.db');
  await copyFile(await template, file);
  const store = await openSqliteStore(file, async () => UNSYNCED);
  const model = createModel();
  const story: string[] = [];
  const deviceIds = new Map<number, string>();
  const lines = new Map<number, Line>();
  let time = START;
  let activity = 0;
  let edges = 0;
  let slowness = 0;
  let failure: unknown;
  const now = (): number => time;
  const active = (): void => {
    activity++;
  };
  const complaint = (fields: unknown, message?: string): void => {
    failure ??= new Broken(`a complaint in the log: ${message} ${JSON.stringify(fields)}`);
  };
  // Of the log, the core uses these.
  const log = { debug() {}, info() {}, warn: complaint, error: complaint } as unknown as Logger;
  const newCore = () => startCore({ store, now, log, active, slowness: () => slowness });
  const newEdge = () => createEdge(`edge-${++edges}`, active);
  let core = await newCore();
  let edge: Edge = newEdge();
  edge.attach(core.link);

  async function turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    activity += edge.move();
    if (failure !== undefined) throw failure;
  }

  async function settle(): Promise<void> {
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns++) {
      const before = activity;
      await turn();
      quiet = activity === before ? quiet + 1 : 0;
      if (turns > MAX_TURNS) throw new Broken('it never comes to rest');
    }
    model.calm();
    for (const { socket, connection } of lines.values()) if (!socket.isStuck) connection.known ??= model.tick();
  }

  /** What is under way is lost, and sockets that stay open have to be announced again. */
  function disturbed(what: 'edge' | 'other'): void {
    model.disturbed(what);
    for (const { connection } of lines.values()) connection.known = undefined;
  }

  function receive(connection: Connection, frame: string, wasLate: boolean): void {
    // The frame is our own; its alert is the number of the push.
    const { id, alert } = JSON.parse(frame) as { id: string; alert: string };
    const push = model.sent[Number(alert)];
    story.push(`    device ${connection.device} receives push ${alert} (${id})${wasLate ? ', late' : ''}`);
    try {
      if (push === undefined) throw new Broken(`an unknown push: ${frame}`);
      model.received(connection, push, Number(id), time, wasLate);
    } catch (error) {
      failure ??= error;
    }
  }

  return {
    model,
    store,
    deviceIds,
    lines,
    story,
    get core() {
      return core;
    },
    now,
    advance(milliseconds) {
      time += milliseconds;
    },
    turn,
    settle,
    async wait(promise) {
      let done = false;
      const end = (): void => {
        done = true;
      };
      promise.then(end, end);
      for (let turns = 0; !done; turns++) {
        await turn();
        if (turns > MAX_TURNS) throw new Broken('a call is never answered');
      }
      return promise;
    },
    connect(device) {
      const deviceId = deviceIds.get(device);
      if (deviceId === undefined) return undefined;
      const connection = model.connected(device);
      const socket = edge.connect(deviceId, {
        message: (frame, wasLate) => receive(connection, frame, wasLate),
        acknowledged: (count) => model.acknowledged(connection, count),
      });
      const line = { socket, connection };
      lines.set(device, line);
      return line;
    },
    async killCore() {
      const killed = core.kill();
      disturbed('other');
      edge.cut(false);
      await killed;
      core = await newCore();
      edge.attach(core.link);
    },
    killEdge() {
      edge.kill();
      disturbed('edge');
      edge = newEdge();
      edge.attach(core.link);
    },
    cutLink(coreKnows) {
      edge.cut(coreKnows);
      disturbed('other');
      edge.attach(core.link);
    },
    slowReads(turns) {
      slowness = turns;
    },
    note: (line) => story.push(line),
    async close() {
      edge.kill();
      await core.kill();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Removes what all worlds share. */
export async function removeTemplate(): Promise<void> {
  if (template !== undefined) await rm(join(await template, '..'), { recursive: true, force: true });
  template = undefined;
}
