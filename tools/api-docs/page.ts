import { readFileSync } from 'node:fs';
import { type DescEnum, type DescMessage, type DescMethod, type DescService, fromJson } from '@bufbuild/protobuf';
import { commentOf, enumTable, fieldTable, shortName } from './describe.js';
import type { CurlExample } from './example.js';
import { CURL_EXAMPLES, NODE_EXAMPLES } from './examples.js';

const INTRODUCTION = `<!-- Made by make gen from proto/onepush/v1. Change the schema, or tools/api-docs, not this page. -->

# PushCore

Every method, message and rule of the service, from [the schema](../proto/onepush/v1/push_core.proto) itself.
[The contract](contract.md#pushcore) tells how they work together, and [errors.md](errors.md) what a call can fail with.

A method is called by POST to \`/onepush.v1.PushCore/<method>\`. gRPC is on \`ONEPUSH_GRPC_LISTEN\`; Connect and gRPC-Web are
on \`ONEPUSH_CONNECT_LISTEN\`, where the examples call. They are for a service that \`make run\` has started. \`$DEVICE\` stands
for a device id, \`$PUSH\` for a request id, \`$APP\`, \`$KEY\`, \`$SIGNING_KEY\`, \`$WEBHOOK\` and \`$TOKEN\` for the ids of an app, its keys, its webhook
and an admin token,
and \`$ADMIN_TOKEN\` for the admin token itself.

In JSON, what has its default value (0, \`false\`, empty) is left out of answers, and unknown fields are ignored. A rule is to be read after the name of its field.
`;

const KINDS: Record<DescMethod['methodKind'], string> = {
  unary: 'unary',
  server_streaming: 'the answer is a stream',
  client_streaming: 'the request is a stream',
  bidi_streaming: 'a stream in both directions; gRPC only',
};

/** The page: the methods with their requests and answers, then the messages and enums that those have. */
export function toPage(service: DescService): string {
  const own = new Set(service.methods.flatMap(({ input, output }) => [input, output]));
  const { messages, enums } = reachable([...own]);
  return [
    INTRODUCTION,
    methodTable(service),
    ...service.methods.map(methodSection),
    '## Messages\n',
    ...messages.filter((message) => !own.has(message)).map(messageSection),
    '## Enums\n',
    ...enums.map((desc) => `### ${shortName(desc)}\n\n${paragraph(commentOf(desc))}${enumTable(desc)}`),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function methodTable({ methods }: DescService): string {
  const rows = methods.map((method) => {
    const { text } = splitComment(method);
    return `| [${method.name}](#${method.name.toLowerCase()}) | ${KINDS[method.methodKind]} | ${text.split(/[.:] /)[0]?.replace(/\.$/, '')} |`;
  });
  return `| method | kind | what it does |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function methodSection(method: DescMethod): string {
  const { text, credentials } = splitComment(method);
  return [
    `## ${method.name}\n\n${text}\n\n- Kind: ${KINDS[method.methodKind]}.\n- ${credentials}\n`,
    messageSection(method.input),
    messageSection(method.output),
    exampleOf(method),
  ].join('\n');
}

/** The credentials are the last sentence of each method's comment. */
function splitComment(method: DescMethod): { text: string; credentials: string } {
  const parts = /^(.*?) (Credentials: .*|No credentials.*)$/s.exec(commentOf(method).replaceAll(/\s+/g, ' '));
  if (parts?.[1] === undefined || parts[2] === undefined) {
    throw new Error(`the comment of ${method.name} does not end with its credentials`);
  }
  return { text: parts[1], credentials: parts[2] };
}

function messageSection(message: DescMessage): string {
  return `### ${shortName(message)}\n\n${paragraph(commentOf(message))}${fieldTable(message)}`;
}

function paragraph(comment: string): string {
  return comment === '' ? '' : `${comment}\n\n`;
}

function exampleOf(method: DescMethod): string {
  const curl = CURL_EXAMPLES[method.name];
  if (curl !== undefined) return curlExample(method, curl);
  const file = NODE_EXAMPLES[method.name];
  if (file === undefined) throw new Error(`${method.name} has no example`);
  const code = readFileSync(file, 'utf8');
  return `**Example**, [${file}](../${file}), with the client package:\n\n\`\`\`js\n${code}\`\`\`\n`;
}

function curlExample(method: DescMethod, { as, request, answer }: CurlExample): string {
  // They throw where an example does not fit the schema.
  fromJson(method.input, request);
  fromJson(method.output, answer);
  const credentials = { nobody: '', app: '-u testapp1:dkdka ', admin: '-H "Authorization: Bearer $ADMIN_TOKEN" ' }[as];
  // A variable stands between two strings of the shell.
  const body = JSON.stringify(request).replaceAll(/\$[A-Z_]+/g, `'$&'`);
  const url = `http://127.0.0.1:9091/onepush.v1.PushCore/${method.name}`;
  const command = `curl -s ${credentials}${url} \\\n  -H 'Content-Type: application/json' -d '${body}'`;
  return `**Example**\n\n\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`json\n${JSON.stringify(answer, null, 2)}\n\`\`\`\n`;
}

/**
 * Returns the messages and enums in the fields of these, and so on, in the order in which they are met; without
 * Google's own.
 */
function reachable(roots: readonly DescMessage[]): { messages: DescMessage[]; enums: DescEnum[] } {
  const messages = new Set(roots);
  const enums = new Set<DescEnum>();
  for (const message of messages) {
    for (const field of message.fields) {
      if (field.enum) enums.add(field.enum);
      if (field.message && !field.message.typeName.startsWith('google.')) messages.add(field.message);
    }
  }
  return { messages: [...messages], enums: [...enums] };
}
