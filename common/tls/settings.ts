import type { NamedFile, SettingsReader } from '../settings/reader.js';
import type { ServerFiles, TlsFiles } from './material.js';

/** Reads which certificate the ports of a process have; undefined: none. One without its key is a problem. */
export function readPortFiles(reader: SettingsReader): ServerFiles | undefined {
  return pair(reader, reader.file('ONEPUSH_TLS_CERT'), reader.file('ONEPUSH_TLS_KEY'));
}

/** Reads the files of an edge's end of the link; undefined: it is plain text. */
export function readLinkFiles(reader: SettingsReader): TlsFiles | undefined {
  const ca = reader.file('ONEPUSH_LINK_TLS_CA');
  const own = pair(reader, reader.file('ONEPUSH_LINK_TLS_CERT'), reader.file('ONEPUSH_LINK_TLS_KEY'));
  if (ca !== undefined) return { ...own, ca };
  if (own !== undefined) reader.env.problem('ONEPUSH_LINK_TLS_CERT needs ONEPUSH_LINK_TLS_CA');
  return undefined;
}

function pair({ env }: SettingsReader, cert?: NamedFile, key?: NamedFile): ServerFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  const lone = cert ?? key;
  if (lone !== undefined) {
    const other = lone === cert ? lone.setting.replace(/CERT$/, 'KEY') : lone.setting.replace(/KEY$/, 'CERT');
    env.problem(`${lone.setting} needs ${other}`);
  }
  return undefined;
}
