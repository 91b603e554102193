import type { SettingName } from '../../common/settings/settings.js';

/** Meanings of the settings in Chinese, for the pages in Chinese. A link is relative to docs/. */
export const MEANINGS_ZH: Readonly<Record<SettingName, string>> = {
  ONEPUSH_HTTP_LISTEN: 'REST、WebSocket、测试页面和 edge 健康检查的监听地址。',
  ONEPUSH_HTTP_ORIGINS:
    '除 edge 自带的页面外，允许网页在浏览器中[注册和注销设备](contract.zh-CN.md#其他来源的网页)的来源。',
  ONEPUSH_PAGE: '`0` 表示不提供 `/` 处的[测试页面](operations.zh-CN.md#测试页面)，也不提供 `/docs/` 下的文档。',
  ONEPUSH_GRPC_LISTEN: 'gRPC 的监听地址，供内部服务和 edge 使用。',
  ONEPUSH_CONNECT_LISTEN: 'Connect、gRPC-Web 和 core 健康检查的监听地址。',
  ONEPUSH_CONNECT_ORIGINS:
    '允许网页在浏览器中调用 Connect 端口的来源。调用该端口的网页，会把所用的凭据暴露给能看到网页的人。',
  ONEPUSH_OPS_LISTEN:
    '[指标](operations.zh-CN.md#指标)和健康检查的监听地址，不对公网开放。使用 `make run` 时请勿设置，否则两个进程会用同一个值。',
  ONEPUSH_TLS_CERT:
    '证书及其与 CA 之间的中间证书。设置后，进程的所有端口只使用 [TLS](operations.zh-CN.md#tls)。文件变更后会重新读取。',
  ONEPUSH_TLS_KEY: '对应的私钥，不带口令。',
  ONEPUSH_LINK_TLS_CA:
    '[链路](operations.zh-CN.md#链路的-tls)的 CA。对 core：edge 除链路令牌外，还须持有其签发的证书。对 edge：链路使用 TLS，core 须持有其签发的证书，且证书包含 `ONEPUSH_CORE_ADDRS` 中的主机名。',
  ONEPUSH_LINK_TLS_CERT: 'edge 向 core 出示的证书。',
  ONEPUSH_LINK_TLS_KEY: '对应的私钥，不带口令。',
  ONEPUSH_HTTP_REDIRECT_LISTEN:
    '明文 HTTP 的监听地址：读取请求[重定向](operations.zh-CN.md#与-tls-并存的明文-http)到 https，其余一律拒绝。须同时设置 `ONEPUSH_TLS_CERT`。',
  ONEPUSH_HTTP_REDIRECT_PORT: '重定向到的 https 端口，即客户端看到的端口。',
  ONEPUSH_HSTS_SECONDS:
    '浏览器在多长时间内只用 https 访问本主机（`Strict-Transport-Security`）；0 表示不发送。须同时设置 `ONEPUSH_TLS_CERT`。',
  ONEPUSH_ALLOW_PLAINTEXT:
    '`1` 允许其他机器可以访问的端口，以及通往其他机器的链路使用[明文](operations.zh-CN.md#明文)：位于终止 TLS 的代理之后，或处于私有网络中。未设置时，进程在这种情况下不会启动。',
  ONEPUSH_CORE_ADDRS:
    'core 的 gRPC 地址。有多个时同一时间只使用一个，无法连接就尝试下一个：供备用 core 接替使用，不是同时使用两个 core。`make run` 会自行设置。',
  ONEPUSH_LINK_TOKEN:
    '链路令牌，两边须一致。持有它且能访问 `ONEPUSH_GRPC_LISTEN` 的人，就可以充当 edge。`make run` 会自动生成。',
  ONEPUSH_ADMIN_TOKEN: '管理令牌，创建和查询应用所需；未设置则无人可以操作。`make run` 会自动生成。',
  ONEPUSH_BOOTSTRAP_APP: '启动时若不存在该 ID 的应用则创建；已存在的应用保留原密钥。`make run` 使用 `testapp1:dkdka`。',
  ONEPUSH_DATABASE_URL:
    '数据库。用户名和密码须按百分号编码；[TLS](operations.zh-CN.md#通过-tls-连接数据库) 是 URL 的选项。',
  ONEPUSH_SECRET_KEY:
    '加密数据库中[厂商凭据](operations.zh-CN.md#厂商凭据)的密钥；未设置则不能保存凭据。第一个密钥用于加密，全部可用于解密。',
  ONEPUSH_VAPID_PUBLIC_KEY: '[Web Push](operations.zh-CN.md#测试页面的-web-push) 的公钥，供测试页面使用。',
  ONEPUSH_VAPID_PRIVATE_KEY: '对应的私钥：使其成为 `ONEPUSH_BOOTSTRAP_APP` 所指应用的 Web Push 凭据。',
  ONEPUSH_VAPID_SUBJECT: '浏览器厂商联系服务运营者的地址。设置私钥时必填。',
  ONEPUSH_OFFLINE_TTL: '未设置 `needConfirm` 的消息的保留时间。',
  ONEPUSH_INBOX_LIMIT: '每台设备最多积压多少条发给用户或设备的消息，未确认的也计入；超出时淘汰最早的。',
  ONEPUSH_RETENTION_DAYS: '推送过期后，其记录和回执保留的时间。正文在过期时擦除。',
  ONEPUSH_DEVICE_RETENTION_DAYS:
    '设备注销后，或既未注册也未建立过会话时，多久之后[被清除](operations.zh-CN.md#清除什么何时清除)。',
  ONEPUSH_APP_REGISTRATIONS_PER_SECOND:
    '单个[应用](operations.zh-CN.md#限额)的注册次数，静默之后可一次用去十倍。0 表示不限。',
  ONEPUSH_APP_SENDS_PER_SECOND: '单个应用的推送次数，静默之后可一次用去十倍。0 表示不限。',
  ONEPUSH_APP_DELIVERIES_PER_SECOND:
    '单个应用的推送所发往的设备数，静默之后可一次用去十倍；发给所有人或标签的推送算一条。0 表示不限。',
  ONEPUSH_APP_DEVICES: '单个应用已注册的设备数。0 表示不限。',
  ONEPUSH_APP_TAGS: '单个应用的设备自始至终用过的标签数：每个标签永远有自己的时间线。0 表示不限。',
  ONEPUSH_APP_OPEN_JOBS: '单个应用中定时的，或正在分批发出的推送数。0 表示不限。',
  ONEPUSH_APP_SEND_STREAMS: '单个应用打开的 `SendPushStream` 调用数。0 表示不限。',
  ONEPUSH_APP_RECEIPT_STREAMS: '单个应用打开的 `WatchReceipts` 调用数。0 表示不限。',
  ONEPUSH_AUDIT_RETENTION_DAYS: '[审计日志](contract.zh-CN.md#listauditlog)的记录保留的时间。',
  ONEPUSH_WAKE_AFTER: '`needConfirm` 的消息未确认多久后，会[唤醒](architecture.md#waking)在线的设备。',
  ONEPUSH_WAKE_GRACE: 'edge 或 core 停止后，设备在被唤醒之前可以重新连接的时间；唤醒分散在两倍于此的时间内。',
  ONEPUSH_SMS_AFTER: '用户的所有设备都未收到推送时，多久后发送其 `smsMessage`。',
  ONEPUSH_SMS_PER_NUMBER: '24 小时内，一个应用向同一号码最多发送的短信数。',
  ONEPUSH_SMS_PER_APP: '一小时内，一个应用最多发送的短信数。',
  ONEPUSH_WEBHOOK_HOSTS:
    '[Webhook](contract.zh-CN.md#webhooks) 的主机中，允许使用内网地址的主机；其余主机必须是公网地址。',
  ONEPUSH_SUM_CHECK_INTERVAL: '投递总数[核对](operations.zh-CN.md#指标)的每一步之间的间隔；0 表示关闭。',
  ONEPUSH_CONFIRM_INTERVAL: '连接保持期间，未确认的消息首次重发前的等待时间；此后间隔逐次加倍，最长 5 分钟。',
  ONEPUSH_PING_INTERVAL:
    'WebSocket 静默多久后发送 ping，最多晚 4 秒。应小于沿途代理容许的时间：许多代理会关闭静默 60 秒的连接。',
  ONEPUSH_DELIVERED:
    '未设置 `needConfirm` 的消息何时算[已送达](contract.zh-CN.md#投递何时结束)：设备确认收到之后（`received`），或系统接收其字节之后（`written`）。`written` 供不应答 ping 的客户端使用；连接已断而未被察觉时，其上的消息会丢失。',
  ONEPUSH_PONG_TIMEOUT: '设备应答的时限，消息每 8 KiB 再加一秒；超时则视为连接已断，予以关闭。',
  ONEPUSH_MAX_BODY_BYTES: '请求体的最大字节数。',
  ONEPUSH_STRICT_JSON:
    '`1` 表示拒绝旧版 One-Push 调用方的各种宽松写法：[其他类型的值](contract.zh-CN.md#其他类型的值)，以及近似的字段名、内容类型和路径。',
  ONEPUSH_MAX_SESSIONS:
    '单个进程的 WebSocket 连接数上限，超出的连接以 4429 关闭。打开文件数的上限不足时，实际更少，见[不可信的客户端](operations.zh-CN.md#不可信的客户端)。',
  ONEPUSH_TRUSTED_PROXIES:
    '可信代理的地址或网段：由它们说明[客户端的地址](operations.zh-CN.md#客户端的地址)。未设置则以直接连接的一方为客户端。',
  ONEPUSH_FORWARDED_HEADER: '可信代理用来说明客户端的请求头。另一个不看。',
  ONEPUSH_ADDRESS_REGISTRATIONS_PER_SECOND:
    '单个地址的[注册](operations.zh-CN.md#限额)次数，静默之后可一次用去十倍；0 表示不限。本机不受限，未说明客户端的可信代理也不受限。',
  ONEPUSH_ADDRESS_UNKNOWN_IDS_PER_SECOND:
    '单个地址以不存在的设备 ID 建立的连接数，静默之后可一次用去十倍；超出时该地址的新连接一律返回 429。0 表示不限。',
  ONEPUSH_ADDRESS_SESSIONS:
    '单个地址的 WebSocket 连接数，超出的连接以 4429 关闭。0 表示不限：移动网络中许多手机共用一个地址。',
  ONEPUSH_EDGE_WORKERS: '共享 `ONEPUSH_HTTP_LISTEN` 的进程数，见[工作进程](operations.zh-CN.md#工作进程)。',
  ONEPUSH_CONSOLE: '`0` 关闭[控制台](console.zh-CN.md)；它由 `ONEPUSH_CONNECT_LISTEN` 在 `/console/` 提供。',
  ONEPUSH_DRAIN_SECONDS: '停止时等待未完成工作的最长时间。',
  ONEPUSH_LOG_LEVEL: '日志的最低级别。',
};

/** Forms of the settings whose form is a text, in Chinese. */
export const RULES_ZH: Readonly<Partial<Record<SettingName, string>>> = {
  ONEPUSH_HTTP_ORIGINS: '`https://host,…` 或 `*`',
  ONEPUSH_TRUSTED_PROXIES: '`10.0.0.0/8,fd00::/8,…`',
  ONEPUSH_BOOTSTRAP_APP: '`id:key`；ID 为 1 至 64 个字母、数字、`_`、`.`、`-`',
  ONEPUSH_SECRET_KEY: '32 字节的密钥，base64 或十六进制，以逗号分隔',
  ONEPUSH_VAPID_PUBLIC_KEY: '由 `make vapid` 生成',
  ONEPUSH_VAPID_PRIVATE_KEY: '由 `make vapid` 生成',
  ONEPUSH_VAPID_SUBJECT: '`mailto:<address>` 或 `https://…`',
  ONEPUSH_WEBHOOK_HOSTS: '`hooks.internal,*.corp.example,10.1.2.3,…`',
  ONEPUSH_DATABASE_URL: '`sqlite:<path>` 或 `mysql://user:password@host:3306/database`',
};
