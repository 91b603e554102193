import type { WhyValues } from '../../common/why/facts.js';
import type { WhyCode } from '../../common/why/sentences.js';

/** A reason in Chinese, and the next step. */
interface SentenceZh {
  says(values: WhyValues): string;
  readonly next: string;
}

const at = ({ time }: WhyValues): string => (time === undefined ? '' : `（${new Date(time).toLocaleString('zh-CN')}）`);
const by = ({ channel = '厂商' }: WhyValues): string => channel;
const woken = (values: WhyValues): string => {
  if (values.channel === undefined) return '';
  if (values.isNotified) return `${by(values)} 已接受其通知。`;
  return `${by(values)} 没有接受其通知${word(values)}。`;
};
const word = ({ reason }: WhyValues): string => (reason ? `（${reason}）` : '');

/** The reasons of common/why in Chinese: one that is missing does not compile. */
export const WHY_ZH: Readonly<Record<WhyCode, SentenceZh>> = {
  NO_DEVICE: {
    says: () => '该用户没有已注册的设备：从未注册，或已注销，或已归其他用户。',
    next: '请让客户端以此 alias 和本应用的 ID 注册。alias 逐字比较。',
  },
  NO_PUSH: {
    says: () => '没有发给它且仍在保留期内的推送。发给标签或所有人的推送只列到过期为止。',
    next: '`onepush why USER --push ID` 会说明某条推送为何没有发给它。设备只会收到它带有标签之后、注册之后的推送。',
  },
  SCHEDULED: { says: (values) => `推送尚未发出，已定时${at(values)}。`, next: '届时才查找受众。撤回即可取消。' },
  BEING_SENT: {
    says: () => '推送正在分批发出，尚未轮到此设备；也可能不发给它。',
    next: '请几秒后再看：`onepush push` 会显示何时为 SENT。',
  },
  PUSH_FAILED: {
    says: (values) => `推送在为此设备发出之前失败${word(values)}。`,
    next: '原因消除后请重新发送，或缩小受众。',
  },
  OTHER_PLATFORM: {
    says: ({ platform = '其他平台' }) => `推送只发给 ${platform}，而设备属于其他平台。`,
    next: '发送时不指定平台，或指定设备的平台。',
  },
  REGISTERED_LATER: {
    says: (values) => `推送不是发给它的：设备在此之后才注册，或重新注册${at(values)}。`,
    next: '推送只发给接受推送时已注册、已有标签的设备。请重新发送。',
  },
  TOPIC_OVER: {
    says: () => '推送发给标签或所有人，且已过期：不再保留各设备的结果。',
    next: '设备若在此期间没有连接，就没有收到：请延长等待时间（ttlSeconds 或 ONEPUSH_OFFLINE_TTL）。',
  },
  NOT_FOR_IT: {
    says: () => '推送不是发给此设备的：接受推送时它不在受众之中。',
    next: '请逐字核对 alias、标签和设备 ID；标签从设备带有它时起才算。`onepush send --dry-run` 可计算受众。',
  },
  DELIVERED: {
    says: (values) => `设备的连接已收到${at(values)}。`,
    next: '如果用户没有看到，请检查客户端：打开时是否显示消息，是否把它当作重复丢弃。使用 needConfirm 可以知道客户端已收到。',
  },
  CONFIRMED: { says: (values) => `客户端已确认${at(values)}。`, next: '' },
  EXPIRED: {
    says: (values) => `等待超时，期间设备没有连接${at(values)}。${woken(values)}`,
    next: '请延长等待时间（ttlSeconds 或 ONEPUSH_OFFLINE_TTL）。要唤醒设备，请见 docs/channels.md。',
  },
  EXPIRED_UNCONFIRMED: {
    says: (values) => `等待超时：期间设备没有连接，或已连接但没有确认${at(values)}。${woken(values)}`,
    next: '请延长等待时间（duration 或 ttlSeconds），并确认客户端对每条 needConfirm 消息发送 CFM:<id>。',
  },
  EVICTED: {
    says: (values) => `该设备等待的消息过多，这是其中最早的${at(values)}。`,
    next: '请提高 ONEPUSH_INBOX_LIMIT，或用折叠键让新消息替换旧消息。',
  },
  DISCARDED: {
    says: (values) => `设备已注销，或已换成其他用户${at(values)}。`,
    next: '它不再是该用户的设备。请按 alias 发送，而不是按设备。',
  },
  RECALLED: { says: (values) => `推送已撤回${at(values)}。`, next: '请重新发送。' },
  REPLACED: {
    says: (values) => `已被折叠键相同的新推送替换${at(values)}。`,
    next: '请查看那条推送。不用折叠键，或用不同的折叠键，两条都会送达。',
  },
  CLEARED: {
    says: (values) => `用户已在其他设备上阅读，本设备上随之清除${at(values)}。`,
    next: '不使用 clearOnRead 时，各设备都会保留。',
  },
  UNCONFIRMED: {
    says: () => '设备在线但尚未确认，会重复收到直到确认。',
    next: '客户端须对每条 needConfirm 消息发送 CFM:<id>，重复收到的也一样。',
  },
  ON_ITS_WAY: {
    says: () => '设备在线，尚未应答：线路较慢，或刚刚发送。',
    next: '请几秒后再看。不应答 ping 的设备会被断开，视为离线。',
  },
  NO_TOKEN: {
    says: () => '设备离线，且没有可用于唤醒的厂商令牌。',
    next: '客户端连接时即可收到。要唤醒设备，请在注册时提供 `push`。',
  },
  TOKEN_DEAD: {
    says: (values) => `设备离线，${by(values)} 表示其令牌已失效${word(values)}。`,
    next: '客户端已被卸载，或令牌已更换：须用新令牌重新注册。',
  },
  TOKEN_SET_ASIDE: {
    says: (values) => `设备离线，${by(values)} 拒绝其令牌${word(values)}。`,
    next: '请核对凭据与客户端的环境（沙盒或生产）和包名，然后重新注册。',
  },
  QUIET_HOURS: {
    says: () => '设备离线，将在免打扰时段结束后唤醒。',
    next: '中断级别 TIME_SENSITIVE 可越过免打扰；SetQuietHours 可更改时段。',
  },
  NO_CREDENTIAL: { says: (values) => `设备离线，应用没有 ${by(values)} 的凭据。`, next: '请管理员在应用页添加渠道。' },
  WAKE_PACED: { says: (values) => `设备离线；${by(values)} 暂时不再接受，唤醒正在排队。`, next: '请几分钟后再看。' },
  WAKE_RETRIED: {
    says: (values) => `设备离线；${by(values)} 无法连接、未就绪或拒绝了凭据${word(values)}，正在重试。`,
    next: '请管理员在应用页查看并测试该渠道。',
  },
  WAKE_SOON: { says: (values) => `设备离线，正通过 ${by(values)} 唤醒。`, next: '请几秒后再看。' },
  WAKE_ACCEPTED: {
    says: (values) => `设备离线；${by(values)} 已接受通知，此后客户端尚未连接。`,
    next: '用户可能已在屏幕上看到。若没有：请检查通知权限、网络和省电设置。',
  },
  WAKE_FAILED: {
    says: (values) => `设备离线，${by(values)} 没有接受通知${word(values)}。`,
    next: '请查看厂商错误的含义并测试渠道。客户端连接时即可收到。',
  },
  SMS_LIMIT: {
    says: () => '设备离线，该号码或该应用的短信暂时达到上限。',
    next: '上限由 ONEPUSH_SMS_PER_NUMBER 和 ONEPUSH_SMS_PER_APP 设置。',
  },
  WAKE_UNKNOWN: {
    says: (values) => `设备离线；已请求 ${by(values)} 唤醒，但没有应答${word(values)}。`,
    next: '为避免重复唤醒，不会重试。客户端连接时即可收到。',
  },
  OFFLINE: {
    says: () => '设备离线，尚未为它唤醒。',
    next: '推送几秒后会唤醒，除非推送指定 NEVER。客户端连接时即可收到。',
  },
  NOT_WOKEN: {
    says: (values) => `设备离线，也没有为它唤醒：应用没有 ${by(values)} 的凭据，或推送要求不唤醒。`,
    next: '请管理员在应用页查看渠道，并查看推送的 wake。客户端连接时即可收到。',
  },
  WAKE_DROPPED: {
    says: (values) => `设备离线。当时不需要通过 ${by(values)} 唤醒，已放弃${word(values)}。`,
    next: '设备曾经连接，或已有其他令牌。客户端连接时即可收到。',
  },
  PENDING: { says: () => '正在等待设备连接或确认。', next: '请按用户查询，以了解设备是否在线。' },
  UNKNOWN: { says: () => '本版本不认识此状态。', next: '请升级控制台。' },
};
