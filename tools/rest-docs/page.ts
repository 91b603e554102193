import { EXAMPLES, type Example } from '../../edge/http/openapi/examples.js';
import { curlOf } from './curl.js';
import type { OpenApi, Operation, Parameter, Schema } from './openapi.js';

const INTRODUCTION = `<!-- Made by make gen from the OpenAPI document: change edge/http/openapi or tools/rest-docs. -->

# REST

Every request of the edge, with its fields, answers and errors, from the document that an edge serves at
\`/openapi.json\`: OpenAPI 3.1, made of the schemas that check the requests. [The contract](contract.md#rest) tells how
they work together.

Bodies are JSON. Fields that are not listed are ignored, and \`null\` counts as absent. The examples are for a service
that \`make run\` has started: \`$DEVICE\` stands for a device id, \`$PUSH\` for a request id, \`$APP\` for the id of an
app, and \`$ADMIN_TOKEN\` for the admin token.
`;

/** Credentials by the name of the security scheme; empty: nobody needs to say who they are. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  appKey: "the app's id and key, as `Authorization: Basic`",
  registrationToken: 'a [registration token](contract.md#signed-registration), as `Authorization: Bearer`',
  deviceId: 'the device id, as `Authorization: Bearer`',
  adminToken: 'an admin token, as `Authorization: Bearer`',
  '': 'nothing but what is in the request',
};

/** Returns docs/rest.md. */
export function toPage({ paths, components, tags }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const rows = tags.flatMap(({ name }) =>
    operations
      .filter(({ operation }) => operation.tags.includes(name))
      .map(({ path, method, operation: { summary } }) => {
        const title = `${method} ${path}`;
        return row([`[${title}](#${anchorOf(title)})`, summary]);
      }),
  );
  const common = statusesOfAll(operations.map(({ operation }) => operation));
  const schemas = components.schemas;
  return [
    INTRODUCTION,
    table(['request', 'what it does'], rows),
    `## Errors of all requests\n\n${schemaTable(schemas.Error)}`,
    errorTable(common),
    ...operations.map(({ path, method, operation }) => section(path, method, operation, schemas, common)),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function section(
  path: string,
  method: string,
  operation: Operation,
  schemas: OpenApi['components']['schemas'],
  common: readonly string[],
): string {
  const { summary, description, security, parameters = [], requestBody, responses, operationId } = operation;
  const who = security.map((choice) => CREDENTIALS[Object.keys(choice)[0] ?? '']).join('; or ');
  const body = requestBody && schemas[nameOf(requestBody.content['application/json'].schema)];
  const answer = responses['200']?.content['application/json'];
  const answered = answer && schemas[nameOf(answer.schema)];
  const own = errorsOf(operation).filter((line) => !common.includes(line));
  // An operation without an example does not compile.
  const { query = {} }: Example = EXAMPLES[operationId];
  const curl = curlOf({ path, method, operation, query, body: requestBody?.content['application/json'].example });
  return [
    `## ${method} ${path}\n\n${summary}. ${description} It takes ${who === '' ? CREDENTIALS[''] : who}.\n`,
    ...(parameters.length > 0 ? [parameterTable(parameters)] : []),
    ...(body === undefined ? [] : [`**Body**\n\n${schemaTable(body)}`]),
    `**Example**\n\n\`\`\`sh\n${curl}\n\`\`\`\n`,
    `\`\`\`json\n${JSON.stringify(answer?.example, undefined, 2)}\n\`\`\`\n`,
    ...(answered?.properties === undefined || Object.keys(answered.properties).length === 0
      ? []
      : [`**Answer**\n\n${schemaTable(answered)}`]),
    ...(own.length > 0 ? [errorTable(own)] : []),
  ].join('\n');
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, in: place, required, description = '', schema }) =>
    row([`\`${name}\``, place, typeOf(schema), required ? 'yes' : 'no', sentence(description)]),
  );
  return `**Parameters**\n\n${table(['name', 'in', 'type', 'required', 'meaning'], rows)}`;
}

/** A row for each member, and for those of objects and of lists of objects: `devices[].alias`. */
function schemaTable(schema: Schema | undefined): string {
  return table(['field', 'type', 'required', 'meaning'], fieldRows(schema ?? {}, ''));
}

function fieldRows({ properties = {}, required = [] }: Schema, within: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${within}${name}`;
    const is = row([`\`${path}\``, typeOf(field), required.includes(name) ? 'yes' : 'no', meaningOf(field)]);
    const items = field.items?.properties === undefined ? [] : fieldRows(field.items, `${path}[].`);
    return [is, ...fieldRows(field, `${path}.`), ...items];
  });
}

function typeOf({ type, items, format }: Schema): string {
  if (type === 'array') return `list of ${typeOf(items ?? {}).replace(/^(string|object|integer)$/, '$1s')}`;
  if (format === 'date-time') return 'time';
  return type ?? 'any';
}

/** Says the meaning of a field, with its words where the meaning has no rule that names them. */
function meaningOf({ type, description = '', enum: words = [] }: Schema): string {
  const named = type !== 'string' || words.every((word) => description.includes(String(word)));
  const listed = named ? [] : [`One of ${words.map((word) => `\`${String(word)}\``).join(', ')}`];
  return [description, ...listed]
    .filter((part) => part !== '')
    .map(sentence)
    .join(' ');
}

/** Errors that all operations have. */
function statusesOfAll(operations: readonly Operation[]): string[] {
  const [first = [], ...others] = operations.map(errorsOf);
  return first.filter((line) => others.every((lines) => lines.includes(line)));
}

/** A line for each error: `40001: Some fields are not as documented`. */
function errorsOf({ responses }: Operation): string[] {
  return Object.entries(responses)
    .filter(([status]) => Number(status) >= 400)
    .flatMap(([, { description }]) => description.split('; or '));
}

function errorTable(lines: readonly string[]): string {
  const rows = lines
    .map((line) => line.split(': '))
    .map(([code = '', ...text]) => row([code, sentence(text.join(': '))]));
  return table(['[error](errors.md)', 'meaning'], rows);
}

function nameOf({ $ref = '' }: Schema): string {
  return $ref.replace('#/components/schemas/', '');
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function sentence(text: string): string {
  return text === '' || text.endsWith('.') ? text : `${text}.`;
}

function table(columns: string[], rows: string[]): string {
  return `${row(columns)}\n${row(columns.map(() => '---'))}\n${rows.join('\n')}\n`;
}

function row(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(/ {2,}/g, ' ');
}
