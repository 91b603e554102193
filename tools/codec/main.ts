import { createEcmaScriptPlugin, runNodeJs } from '@bufbuild/protoplugin';
import { printIndex } from './index-file.js';
import { hotMessages } from './messages.js';
import { printReader } from './reader.js';
import { printWriter } from './writer.js';

/**
 * A plugin of buf: writes the codecs of the hot messages beside what protoc-gen-es writes, and gen/codecs.ts, the table
 * of them all.
 */
runNodeJs(
  createEcmaScriptPlugin({
    name: 'codec',
    version: '1',
    generateTs(schema) {
      const messages = hotMessages(schema.files);
      // buf runs it once for each of its inputs.
      if (messages.length === 0) return;
      for (const file of schema.files) {
        const own = messages.filter((message) => message.file === file);
        if (own.length === 0) continue;
        const out = schema.generateFile(`${file.name}_codec.ts`);
        out.preamble(file);
        for (const message of own) {
          printReader(out, message);
          printWriter(out, message);
        }
      }
      printIndex(schema.generateFile('codecs.ts'), messages);
    },
  }),
);
