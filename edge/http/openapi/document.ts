import { ERRORS, type Reason } from '../../../common/errors.js';
import { EXAMPLES, type Example } from './examples.js';
import { ANY_REFUSALS, OPERATIONS, type Operation } from './operations.js';
import { SCHEMAS } from './schemas.js';
import { type JsonSchema, propertiesOf } from './to-json-schema.js';

const TAGS: Readonly<Record<Operation['tag'], string>> = {
  Devices: 'Installations that receive messages',
  Pushes: 'Messages to devices, users, tags or everyone',
  Reports: 'What has become of pushes, and how devices stand',
  Apps: 'Business systems that may push',
};

/** Returns the OpenAPI 3.1 document of the REST interface, made from the schemas that check its requests. */
export function createOpenApi(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'ONE-PUSH',
      version: '1',
      summary: 'Push messages to the devices of users',
      description: 'Fields that are not listed are ignored, and null counts as absent. docs/contract.md says more.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The edge that serves this document' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        appKey: { type: 'http', scheme: 'basic', description: "The app's id and key" },
        registrationToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Signed by the business system; apps that are SIGNED want it',
        },
        deviceId: { type: 'http', scheme: 'bearer', description: 'The device id: a bearer secret' },
        adminToken: { type: 'http', scheme: 'bearer', description: 'An admin token' },
      },
    },
  };
}

function describe(operation: Operation): JsonSchema {
  const {
    id,
    summary,
    description,
    tag,
    security = [],
    parameters = {},
    query,
    meanings,
    headers = {},
    body,
    answer,
  } = operation;
  const example: Example = EXAMPLES[id];
  const all = [
    ...Object.entries(parameters).map(([name, description]) => {
      return { name, in: 'path', required: true, description, schema: { type: 'string' } };
    }),
    ...Object.entries(query === undefined ? {} : propertiesOf(query, meanings)).map(toParameter('query')),
    ...Object.entries(headers).map(toParameter('header')),
  ];
  const stream = { 'text/event-stream': { schema: { type: 'string', description: 'Server-Sent Events' } } };
  return {
    operationId: id,
    summary,
    description,
    tags: [tag],
    security: security.map((scheme) => (scheme === 'none' ? {} : { [scheme]: [] })),
    ...(all.length > 0 ? { parameters: all } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, example.body) } }),
    responses: {
      200: {
        description: 'Done',
        content: { ...contentOf(answer, example.answer), ...(operation.streams ? stream : {}) },
      },
      ...(operation.streams ? { 204: { description: 'The stream has ended for good' } } : {}),
      ...refusalsOf([...operation.refusals, ...ANY_REFUSALS]),
    },
  };
}

function toParameter(place: 'query' | 'header') {
  return ([name, { description, ...schema }]: [string, JsonSchema]) => ({ name, in: place, description, schema });
}

function contentOf(name: keyof typeof SCHEMAS, example?: unknown): JsonSchema {
  const schema = { $ref: `#/components/schemas/${name}` };
  return { 'application/json': example === undefined ? { schema } : { schema, example } };
}

/** The refusals by their statuses. */
function refusalsOf(reasons: readonly Reason[]): Record<string, JsonSchema> {
  const rows = reasons.map((reason) => ERRORS[reason]);
  const statusOf = ({ code }: { code: number }) => Math.floor(code / 100);
  return Object.fromEntries(
    rows.map((row) => [statusOf(row), refusalOf(rows.filter((other) => statusOf(other) === statusOf(row)))]),
  );
}

function refusalOf(rows: readonly (typeof ERRORS)[Reason][]): JsonSchema {
  return {
    description: rows.map(({ code, message }) => `${code}: ${message}`).join('; or '),
    ...(rows.some((row) => 'retryAfter' in row)
      ? { headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } } }
      : {}),
    content: contentOf('Error'),
  };
}
