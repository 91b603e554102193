import { create } from '@bufbuild/protobuf';
import { Platform } from '../gen/onepush/v1/device_pb.js';
import { type Audience, AudienceSchema, Audience_Tags_Match as Match } from '../gen/onepush/v1/push_pb.js';
import type { Word } from './push.js';

const tags = (match: Match, values: string[]): Audience =>
  create(AudienceSchema, { audience: { case: 'tags', value: { values, match } } });

/** An unknown word stays as it is: whoever sends the audience is told. */
const toPlatform = (value: Platform | Word<typeof Platform>): Platform =>
  typeof value === 'string' ? (Platform[value] ?? value) : value;

/** Makes audiences: `to.allOf(to.tags('news'), to.not(to.aliases('bob')))`. */
export const to = {
  aliases: (...values: string[]): Audience =>
    create(AudienceSchema, { audience: { case: 'aliases', value: { values } } }),
  devices: (...ids: string[]): Audience => create(AudienceSchema, { audience: { case: 'devices', value: { ids } } }),
  /** Devices that have at least one of the tags. */
  tags: (...values: string[]): Audience => tags(Match.ANY, values),
  allTags: (...values: string[]): Audience => tags(Match.ALL, values),
  noTags: (...values: string[]): Audience => tags(Match.NONE, values),
  platforms: (...values: (Platform | Word<typeof Platform>)[]): Audience =>
    create(AudienceSchema, { audience: { case: 'platforms', value: { values: values.map(toPlatform) } } }),
  everyone: (): Audience => create(AudienceSchema, { audience: { case: 'everyone', value: {} } }),
  allOf: (...audiences: Audience[]): Audience =>
    create(AudienceSchema, { audience: { case: 'allOf', value: { audiences } } }),
  anyOf: (...audiences: Audience[]): Audience =>
    create(AudienceSchema, { audience: { case: 'anyOf', value: { audiences } } }),
  not: (audience: Audience): Audience => create(AudienceSchema, { audience: { case: 'not', value: audience } }),
};
