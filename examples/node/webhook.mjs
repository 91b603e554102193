// A back end that takes what a webhook tells, and checks that it is ONE-PUSH's:
//
//     WEBHOOK_SECRET=whsec_… node examples/node/webhook.mjs <port>
//
// In this repository, or where `npm install standardwebhooks` was run. TLS is for a proxy before it.
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
// What was processed already; a real program keeps the ids where it keeps what it does with the events.
const seen = new Set();

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    // The body as it came, not parsed and printed again: the signature is of its bytes.
    const { data } = webhook.verify(Buffer.concat(chunks).toString(), request.headers);
    for (const event of data.events) {
      if (seen.has(event.id)) continue;
      seen.add(event.id);
      console.log(event.type, event.messageId, event.alias, event.state);
    }
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
});
server.listen(Number(process.argv[2]), () => console.log('listening on', server.address().port));
