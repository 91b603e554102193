import type { SettingName } from '../../common/settings.js';

/** Meanings of the settings in Chinese, for README.zh-CN.md. A link is relative to docs/. */
export const MEANINGS_ZH: Readonly<Record<SettingName, string>> = {
  ONEPUSH_HTTP_LISTEN: 'REST、WebSocket、测试页面和 edge 健康检查的监听地址。',
  ONEPUSH_HTTP_ORIGINS:
    '除 edge 自带的页面外，允许在浏览器中[注册和注销](contract.md#pages-of-other-origins)设备的页面来源。',
  ONEPUSH_GRPC_LISTEN: 'gRPC 的监听地址，供内部服务和 edge 使用。',
  ONEPUSH_CONNECT_LISTEN: 'Connect、gRPC-Web 和 core 健康检查的监听地址。',
  ONEPUSH_CONNECT_ORIGINS: '允许浏览器调用 Connect 端口的页面来源。调用它的页面会把所用的凭据暴露给访问者。',
  ONEPUSH_OPS_LISTEN:
    '[指标](operations.md#metrics)和健康检查，不对外公开。使用 `make run` 时请勿设置，否则两个进程会用同一个值。',
  ONEPUSH_CORE_ADDRS:
    'core 的 gRPC 地址。填写多个时一次只用一个，连不上再试下一个：用于备机，不用于同时运行两个 core。`make run` 会自动设置。',
  ONEPUSH_LINK_TOKEN:
    'edge 与 core 之间的密钥，两边必须相同。谁持有它并能访问 `ONEPUSH_GRPC_LISTEN`，谁就能充当 edge。`make run` 会自动生成。',
  ONEPUSH_ADMIN_TOKEN: '创建和查询应用所需的密钥；不设置则任何人都不能。`make run` 会自动生成。',
  ONEPUSH_BOOTSTRAP_APP:
    '启动时创建的应用（若该 id 尚不存在）；已存在的应用保留原来的密钥。`make run` 默认为 `testapp1:dkdka`。',
  ONEPUSH_DATABASE_URL: '数据库。用户名和密码需百分号编码；[TLS](operations.md#tls-to-the-database) 是 URL 的选项。',
  ONEPUSH_OFFLINE_TTL: '不带 `needConfirm` 的消息等待的时间。',
  ONEPUSH_INBOX_LIMIT: '一台设备最多可等待的（发给用户和设备的）消息数，含未确认的；超出时淘汰最旧的。',
  ONEPUSH_RETENTION_DAYS: '推送过期后连同回执保留的时间。消息内容在过期时即被清除。',
  ONEPUSH_SUM_CHECK_INTERVAL: '两次投递数[核对](operations.md#metrics)之间的时间；0 为关闭。',
  ONEPUSH_CONFIRM_INTERVAL: '未确认的消息在连接上首次重发前的时间；之后间隔加倍，最长 5 分钟。',
  ONEPUSH_PING_INTERVAL: 'WebSocket 静默多久后发送 ping，最多晚 4 秒。应小于途中代理允许的静默时间，许多代理为 60 秒。',
  ONEPUSH_MAX_BODY_BYTES: '请求体的最大大小。',
  ONEPUSH_STRICT_JSON:
    '`1` 拒绝旧版 One-Push 调用方的写法：[其他类型的值](contract.md#values-of-other-types)、近似的字段名、内容类型和路径。',
  ONEPUSH_MAX_SESSIONS:
    '一个进程的 WebSocket 数；超出时以 4429 关闭。若打开文件数的上限不足，实际会更少，见 [strangers](operations.md#strangers)。',
  ONEPUSH_EDGE_WORKERS: '共享 `ONEPUSH_HTTP_LISTEN` 的进程数，见 [workers](operations.md#workers)。',
  ONEPUSH_DRAIN_SECONDS: '停止时等待进行中工作的时间。',
  ONEPUSH_LOG_LEVEL: '日志输出的最低级别。',
};

/** Forms of the settings whose form is a text, in Chinese. */
export const RULES_ZH: Readonly<Partial<Record<SettingName, string>>> = {
  ONEPUSH_HTTP_ORIGINS: '`https://host,…` 或 `*`',
  ONEPUSH_BOOTSTRAP_APP: '`id:key`；id 为 1 至 64 个字母、数字、`_`、`.`、`-`',
  ONEPUSH_DATABASE_URL: '`sqlite:<path>` 或 `mysql://user:password@host:3306/database`',
};
