import type { Registration } from '../service.js';
import { arrive, awaitShown, Missed, NeverCame, reconnected, registered, type Scenario } from '../stage.js';
import type { Verdicts } from '../verdicts.js';

const PLATFORMS = ['ANDROID', 'IOS', 'PC', 'WEB'];
const RETRY_AFTER_S = 1;
/** Clocks of timers are not exact, in milliseconds. */
const EARLY_MS = 50;
/** Least length of a text of 128 random bits: in Base64 they have 22 characters. */
const MIN_TOKEN_LENGTH = 16;

/** A first start: the registration is answered 503, and then with an id. */
export const registering: Scenario = {
  name: 'registering',
  async run(stage) {
    const { service, subject, verdicts } = stage;
    service.forgetDevices();
    service.refuseRegistration({ status: 503, retryAfterS: RETRY_AFTER_S });
    await subject.start();
    const first = await service.registrations.next(subject.startWithinMs);
    if (first === undefined) {
      verdicts.judge('R2', false, `did not register within ${subject.startWithinMs / 1_000} s of its start`);
      throw new NeverCame();
    }
    judgeRegistration(verdicts, first);
    const second = await registered(stage, 'R4', 'it was answered 503', stage.pace.comeBackMs);
    const pauseMs = Math.round(second.at - first.at);
    const isPatient = pauseMs >= RETRY_AFTER_S * 1_000 - EARLY_MS;
    verdicts.judge('R4', isPatient, `registered again after ${pauseMs} ms, with Retry-After: ${RETRY_AFTER_S}`);
    const isKept = first.body?.nativeToken === second.body?.nativeToken;
    verdicts.judge('R1', isKept, 'registered again with another native token');
    await reconnected(stage, 'C1', 'its registration', stage.pace.promptMs);
  },
};

function judgeRegistration(verdicts: Verdicts, { body, contentType }: Registration): void {
  verdicts.judge(
    'R2',
    /^application\/json\b/i.test(contentType),
    `sent the content type ${contentType || 'of nothing'}`,
  );
  verdicts.judge('R2', body !== undefined, 'sent a body that is no JSON object');
  if (body === undefined) throw new Missed();
  for (const name of ['alias', 'appId', 'nativeToken']) {
    verdicts.judge('R2', typeof body[name] === 'string' && body[name] !== '', `sent no ${name}`);
  }
  verdicts.judge(
    'R2',
    PLATFORMS.includes(String(body.platform)),
    `sent a platform that is none of ${PLATFORMS.join(', ')}`,
  );
  const { nativeToken, tag } = body;
  verdicts.judge('R2', tag == null || Array.isArray(tag), 'sent a tag that is no list');
  const isLong = typeof nativeToken === 'string' && nativeToken.length >= MIN_TOKEN_LENGTH;
  verdicts.judge('R1', isLong, `sent a native token that is shorter than ${MIN_TOKEN_LENGTH} characters`);
}

/** The service has lost the device, and refuses the new registration for good. */
export const registrationRefused: Scenario = {
  name: 'registration-refused',
  async run(stage) {
    const peer = await arrive(stage);
    const { service, verdicts, pace } = stage;
    service.registrations.clear();
    service.refuseRegistration({ status: 400 });
    service.forgetDevices();
    peer.close(4404);
    await registered(stage, 'X2', '4404', stage.pace.comeBackMs);
    const again = await service.registrations.next(pace.quietMs);
    verdicts.judge('R5', again === undefined, 'registered again after it was answered 400');
  },
};

/** The device id is not known, or was replaced. */
export const unknownDevice: Scenario = {
  name: 'unknown-device',
  async run(stage) {
    let peer = await arrive(stage);
    for (const code of [4404, 4411]) {
      const { deviceId } = peer;
      stage.service.registrations.clear();
      stage.service.forgetDevices();
      peer.close(code);
      await registered(stage, 'X2', String(code), stage.pace.comeBackMs);
      peer = await reconnected(stage, 'X2', `${code} with the new id`);
      stage.verdicts.judge('X2', peer.deviceId !== deviceId, `connected with the old id after ${code}`);
    }
  },
};

/** The app ends and is started again: it is the same device, and knows what it has shown. */
export const restart: Scenario = {
  name: 'restart',
  async run(stage) {
    const { service, subject, shown, verdicts, pace } = stage;
    const before = await arrive(stage);
    const [plain, confirmed] = [stage.message(), stage.message({ needConfirm: true })];
    before.send(plain.frame);
    before.send(confirmed.frame);
    await awaitShown(stage, plain.id);
    await awaitShown(stage, confirmed.id);
    // Until then the app has not said that it is done with it.
    const confirmation = await before.confirmations.next(pace.promptMs);
    await subject.stop();
    service.registrations.clear();
    const after = await arrive(stage);
    const registration = await service.registrations.next(0);
    verdicts.judge('R3', registration === undefined, 'registered again after a restart, with nothing changed');
    verdicts.judge('R3', after.deviceId === before.deviceId, 'came with another device id after a restart');
    const last = stage.message();
    for (const { frame } of [plain, confirmed, last]) after.send(frame);
    await awaitShown(stage, last.id);
    verdicts.judge('D3', shown.count(plain.id) === 1, 'showed a message again after a restart');
    if (confirmation === undefined) return;
    verdicts.judge(
      'D3',
      shown.count(confirmed.id) === 1,
      'showed a message again that it had confirmed before a restart',
    );
    const isConfirmed = (await after.confirmations.next(pace.promptMs)) === confirmed.id;
    verdicts.judge('K3', isConfirmed, 'did not confirm again, after a restart, a message that came again');
  },
};
