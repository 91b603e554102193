import { SETTINGS, type Setting, type SettingName } from '../../common/settings/settings.js';
import { MEANINGS_ZH, RULES_ZH } from './zh.js';

/** Words of the table in one language. */
interface Words {
  /** Titles of the columns. */
  head: readonly string[];
  both: string;
  none: string;
  required: string;
  secret: string;
  file: string;
  /** Separator of a unit and its range, and of the defaults of both processes. */
  comma: string;
  /** Separator of the words of a list. */
  and: string;
  /** Units of integers. */
  units: Readonly<Record<string, string>>;
  range(least: number, most: number): string;
  meaning(name: SettingName): string;
  /** The form of a setting where that is a text; undefined: as the table of settings says it. */
  rule(name: SettingName): string | undefined;
}

const WORDS: Readonly<Record<'en' | 'zh', Words>> = {
  en: {
    head: ['name', 'read by', 'default', 'form', 'meaning'],
    both: 'core, edge',
    none: 'none',
    required: 'required',
    secret: 'visible ASCII',
    file: 'path of a file in PEM',
    comma: ', ',
    and: ', ',
    units: {},
    range: (least, most) => `${least} to ${most}`,
    meaning: (name) => SETTINGS[name].meaning,
    rule: () => undefined,
  },
  zh: {
    head: ['名称', '读取者', '默认值', '取值', '含义'],
    both: 'core、edge',
    none: '无',
    required: '必填',
    secret: '可见 ASCII 字符',
    file: 'PEM 文件的路径',
    comma: '，',
    and: '、',
    units: {
      seconds: '秒',
      milliseconds: '毫秒',
      'short messages': '条短信',
      days: '天',
      bytes: '字节',
      deliveries: '条',
      sockets: '条连接',
      processes: '个进程',
      'registrations a second': '次/秒',
      'connections a second': '条连接/秒',
      'pushes a second': '次/秒',
      'deliveries a second': '条/秒',
      devices: '台设备',
      tags: '个标签',
      pushes: '条推送',
      streams: '个流',
    },
    range: (least, most) => `${least} 至 ${most}`,
    meaning: (name) => MEANINGS_ZH[name],
    rule: (name) => RULES_ZH[name],
  },
};

/** The settings that most installations set: those that the README shows. */
export const FIRST_SETTINGS: readonly SettingName[] = [
  'ONEPUSH_DATABASE_URL',
  'ONEPUSH_HTTP_LISTEN',
  'ONEPUSH_GRPC_LISTEN',
  'ONEPUSH_CONNECT_LISTEN',
  'ONEPUSH_CORE_ADDRS',
  'ONEPUSH_LINK_TOKEN',
  'ONEPUSH_ADMIN_TOKEN',
  'ONEPUSH_BOOTSTRAP_APP',
  'ONEPUSH_OFFLINE_TTL',
  'ONEPUSH_RETENTION_DAYS',
  'ONEPUSH_LOG_LEVEL',
];
// The keys of the table are the names.
const ALL_SETTINGS = Object.keys(SETTINGS) as SettingName[];

/**
 * Returns a table of settings as Markdown.
 *
 * @param docs the path from the page to docs/, with a slash at its end; "" for a page in docs/
 * @param names the settings, in the order of the rows; all by default
 */
export function settingsTable(
  language: keyof typeof WORDS,
  docs: string,
  names: readonly SettingName[] = ALL_SETTINGS,
): string {
  const words = WORDS[language];
  const rows = names.map((name) => {
    const setting: Setting = SETTINGS[name];
    return [
      `\`${name}\``,
      setting.readBy === 'both' ? words.both : setting.readBy,
      defaultOf(setting, words),
      words.rule(name) ?? formOf(setting, words),
      words.meaning(name).replaceAll('](', `](${docs}`),
    ];
  });
  const lines = [words.head, words.head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function defaultOf({ fallback, required }: Setting, words: Words): string {
  if (required) return words.required;
  if (fallback === undefined) return words.none;
  if (typeof fallback === 'object') return `core \`${fallback.core}\`${words.comma}edge \`${fallback.edge}\``;
  return `\`${fallback}\``;
}

function formOf({ type, unit = '', range, words: allowed, rule }: Setting, words: Words): string {
  switch (type) {
    case 'address':
      return '`host:port`';
    case 'addresses':
      return '`host:port,…`';
    case 'secret':
      return words.secret;
    case 'integer':
      if (range === undefined) return '';
      return `${unit === '' ? '' : `${words.units[unit] ?? unit}${words.comma}`}${words.range(...range)}`;
    case 'flag':
      return ['`0`', '`1`'].join(words.and);
    case 'word':
      return (allowed ?? []).map((word) => `\`${word}\``).join(words.and);
    case 'file':
      return words.file;
    case 'networks':
    case 'origins':
    case 'text':
      return rule ?? '';
  }
}
