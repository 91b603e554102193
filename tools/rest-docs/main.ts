import { writeFileSync } from 'node:fs';
import { createOpenApi } from '../../edge/http/openapi/document.js';
import type { OpenApi } from './openapi.js';
import { toPage } from './page.js';

/** `node --import tsx tools/rest-docs/main.ts [file]`: writes docs/rest.md, or that file. */
const [, , path = 'docs/rest.md'] = process.argv;
// The document is what the interface says of it: it is made next door, of constants.
writeFileSync(path, toPage(createOpenApi() as unknown as OpenApi));
