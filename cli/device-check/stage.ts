import type { Peer } from './peer.js';
import type { Rule } from './rules.js';
import type { Registration, Service } from './service.js';
import type { Shown, ShownLog } from './shown.js';
import type { Subject } from './subject.js';
import type { Verdicts } from './verdicts.js';

/** Times of a check, in milliseconds. */
export interface Pace {
  /** Time for a thing that an implementation does at once: showing, confirming, answering a ping. */
  readonly promptMs: number;
  /** Time for which nothing must come. */
  readonly quietMs: number;
  /** Longest pause before it connects or registers again, with time to spare. */
  readonly comeBackMs: number;
  /** Number of failures by which pauses are measured. */
  readonly failures: number;
}

/** All that a scenario plays with. */
export interface Stage {
  readonly service: Service;
  readonly subject: Subject;
  readonly shown: ShownLog;
  readonly verdicts: Verdicts;
  readonly pace: Pace;
  /** Returns the frame of a new message, and its id. */
  message(fields?: object): { id: string; frame: string };
}

/** A row of events, after which the implementation has kept some rules or broken them. */
export interface Scenario {
  readonly name: string;
  /** It takes more than seconds. */
  readonly isSlow?: boolean;
  run(stage: Stage): Promise<void>;
}

/** Ends a scenario that cannot go on; the verdicts say why. */
export class Missed extends Error {}

/** The implementation has not connected after its start: no scenario can go on. */
export class NeverCame extends Missed {}

/** Starts the implementation and returns its connection. */
export async function arrive({ service, subject, verdicts }: Stage): Promise<Peer> {
  await subject.start();
  const peer = await service.peers.next(subject.startWithinMs);
  if (peer !== undefined) return peer;
  verdicts.judge('C1', false, `did not connect within ${subject.startWithinMs / 1_000} s of its start`);
  throw new NeverCame();
}

/** Returns the next connection. Where none comes, a rule is broken, and the scenario ends. */
export async function reconnected(
  stage: Stage,
  rule: Rule,
  after: string,
  withinMs = stage.pace.comeBackMs,
): Promise<Peer> {
  const peer = await stage.service.peers.next(withinMs);
  stage.verdicts.judge(rule, peer !== undefined, `did not connect again within ${withinMs / 1_000} s after ${after}`);
  if (peer === undefined) throw new Missed();
  return peer;
}

/** Returns the next registration. Where none comes, a rule is broken, and the scenario ends. */
export async function registered(stage: Stage, rule: Rule, after: string, withinMs: number): Promise<Registration> {
  const registration = await stage.service.registrations.next(withinMs);
  stage.verdicts.judge(
    rule,
    registration !== undefined,
    `did not register within ${withinMs / 1_000} s after ${after}`,
  );
  if (registration === undefined) throw new Missed();
  return registration;
}

/** Returns what the app tells of a message that it shows. Where it shows none, a rule is broken: the scenario ends. */
export async function mustShow(stage: Stage, id: string, rule: Rule, what: string): Promise<Shown> {
  const shown = await stage.shown.wait(id, stage.pace.promptMs);
  if (shown !== undefined) return shown;
  stage.verdicts.judge(rule, false, `did not show ${what}`);
  throw new Missed();
}

/** Waits for a message that is only a part of a scenario. Where it is not shown, the scenario ends. */
export async function awaitShown(stage: Stage, id: string, within = stage.pace.promptMs): Promise<void> {
  if ((await stage.shown.wait(id, within)) === undefined) throw new Missed();
}

/** Resolves with whether a confirmation of a message has come; others that come before it are passed over. */
export async function hasConfirmed(peer: Peer, id: string, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  for (;;) {
    const confirmed = await peer.confirmations.next(Math.max(0, end - performance.now()));
    if (confirmed === id) return true;
    if (confirmed === undefined) return false;
  }
}
