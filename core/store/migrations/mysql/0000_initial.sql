CREATE TABLE `app_keys` (
	`num` int AUTO_INCREMENT NOT NULL,
	`app_num` int NOT NULL,
	`key_hash` varchar(43) character set ascii collate ascii_bin NOT NULL,
	`created_at` bigint NOT NULL,
	`expires_at` bigint,
	CONSTRAINT `app_keys_num` PRIMARY KEY(`num`)
);
--> statement-breakpoint
CREATE TABLE `apps` (
	`num` int AUTO_INCREMENT NOT NULL,
	`id` varbinary(64) NOT NULL,
	`name` varchar(255) character set utf8mb4 NOT NULL,
	`created_at` bigint NOT NULL,
	CONSTRAINT `apps_num` PRIMARY KEY(`num`),
	CONSTRAINT `apps_id` UNIQUE(`id`)
);
--> statement-breakpoint
CREATE TABLE `clocks` (
	`core` tinyint NOT NULL,
	`push_id` bigint NOT NULL,
	CONSTRAINT `clocks_core` PRIMARY KEY(`core`)
);
--> statement-breakpoint
CREATE TABLE `cursors` (
	`device_num` int NOT NULL,
	`core` tinyint NOT NULL,
	`push_id` bigint NOT NULL,
	CONSTRAINT `cursors_pk` PRIMARY KEY(`device_num`,`core`)
);
--> statement-breakpoint
CREATE TABLE `device_tags` (
	`device_num` int NOT NULL,
	`topic_num` int NOT NULL,
	`since_id` bigint NOT NULL,
	`until_id` bigint,
	CONSTRAINT `device_tags_pk` PRIMARY KEY(`device_num`,`topic_num`,`since_id`)
);
--> statement-breakpoint
CREATE TABLE `devices` (
	`num` int AUTO_INCREMENT NOT NULL,
	`id` varbinary(32) NOT NULL,
	`app_num` int NOT NULL,
	`alias` varbinary(1020) NOT NULL,
	`platform` tinyint NOT NULL,
	`native_token` longtext character set utf8mb4 NOT NULL,
	`token_hash` varchar(43) character set ascii collate ascii_bin NOT NULL,
	`mobile` varchar(32) character set utf8mb4,
	`since_id` bigint NOT NULL,
	`registered_at` bigint NOT NULL,
	`unregistered_at` bigint,
	CONSTRAINT `devices_num` PRIMARY KEY(`num`),
	CONSTRAINT `devices_id` UNIQUE(`id`),
	CONSTRAINT `devices_token` UNIQUE(`token_hash`,`app_num`)
);
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`key_hash` varchar(43) character set ascii collate ascii_bin NOT NULL,
	`digest` varchar(43) character set ascii collate ascii_bin NOT NULL,
	`push_id` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	CONSTRAINT `idempotency_keys_key_hash` PRIMARY KEY(`key_hash`)
);
--> statement-breakpoint
CREATE TABLE `inbox` (
	`id` bigint NOT NULL,
	`device_num` int NOT NULL,
	`push_id` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	CONSTRAINT `inbox_id` PRIMARY KEY(`id`),
	CONSTRAINT `inbox_device` UNIQUE(`device_num`,`push_id`)
);
--> statement-breakpoint
CREATE TABLE `pushes` (
	`id` bigint NOT NULL,
	`app_num` int NOT NULL,
	`tenant_code` varchar(64) character set utf8mb4 NOT NULL,
	`platform` tinyint NOT NULL,
	`msg_type` tinyint NOT NULL,
	`need_confirm` boolean NOT NULL,
	`targeted` int,
	`first_delivery` bigint,
	`last_delivery` bigint,
	`published` int NOT NULL DEFAULT 0,
	`created_at` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	`content` longtext character set utf8mb4,
	CONSTRAINT `pushes_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `receipts` (
	`push_id` bigint NOT NULL,
	`device_num` int NOT NULL,
	`ending` tinyint NOT NULL,
	`ended_at` bigint NOT NULL,
	CONSTRAINT `receipts_pk` PRIMARY KEY(`push_id`,`device_num`)
);
--> statement-breakpoint
CREATE TABLE `timeline` (
	`topic_num` int NOT NULL,
	`push_id` bigint NOT NULL,
	`platform` tinyint NOT NULL,
	`need_confirm` boolean NOT NULL,
	`expires_at` bigint NOT NULL,
	CONSTRAINT `timeline_pk` PRIMARY KEY(`topic_num`,`push_id`)
);
--> statement-breakpoint
CREATE TABLE `topics` (
	`num` int AUTO_INCREMENT NOT NULL,
	`app_num` int NOT NULL,
	`tag` varbinary(1020) NOT NULL,
	CONSTRAINT `topics_num` PRIMARY KEY(`num`),
	CONSTRAINT `topics_tag` UNIQUE(`app_num`,`tag`)
);
--> statement-breakpoint
CREATE INDEX `app_keys_app` ON `app_keys` (`app_num`);--> statement-breakpoint
CREATE INDEX `device_tags_topic` ON `device_tags` (`topic_num`);--> statement-breakpoint
CREATE INDEX `devices_alias` ON `devices` (`app_num`,`alias`);--> statement-breakpoint
CREATE INDEX `idempotency_keys_expires` ON `idempotency_keys` (`expires_at`);--> statement-breakpoint
CREATE INDEX `inbox_expires` ON `inbox` (`expires_at`);--> statement-breakpoint
CREATE INDEX `pushes_expires` ON `pushes` (`expires_at`);--> statement-breakpoint
CREATE INDEX `timeline_confirm` ON `timeline` (`topic_num`,`need_confirm`,`push_id`);--> statement-breakpoint
CREATE INDEX `timeline_push` ON `timeline` (`push_id`);