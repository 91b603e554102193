CREATE TABLE `app_keys` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`app_num` integer NOT NULL,
	`key_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `app_keys_app` ON `app_keys` (`app_num`);--> statement-breakpoint
CREATE TABLE `apps` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `apps_id` ON `apps` (`id`);--> statement-breakpoint
CREATE TABLE `clocks` (
	`core` integer PRIMARY KEY NOT NULL,
	`push_id` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `cursors` (
	`device_num` integer NOT NULL,
	`core` integer NOT NULL,
	`push_id` integer NOT NULL,
	PRIMARY KEY(`device_num`, `core`)
);
--> statement-breakpoint
CREATE TABLE `device_tags` (
	`device_num` integer NOT NULL,
	`topic_num` integer NOT NULL,
	`since_id` integer NOT NULL,
	`until_id` integer,
	PRIMARY KEY(`device_num`, `topic_num`, `since_id`)
);
--> statement-breakpoint
CREATE INDEX `device_tags_topic` ON `device_tags` (`topic_num`);--> statement-breakpoint
CREATE TABLE `devices` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`app_num` integer NOT NULL,
	`alias` text NOT NULL,
	`platform` integer NOT NULL,
	`native_token` text NOT NULL,
	`token_hash` text NOT NULL,
	`mobile` text,
	`since_id` integer NOT NULL,
	`registered_at` integer NOT NULL,
	`unregistered_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `devices_id` ON `devices` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `devices_token` ON `devices` (`token_hash`,`app_num`);--> statement-breakpoint
CREATE INDEX `devices_alias` ON `devices` (`app_num`,`alias`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`key_hash` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`push_id` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_expires` ON `idempotency_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `inbox` (
	`id` integer PRIMARY KEY NOT NULL,
	`device_num` integer NOT NULL,
	`push_id` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `inbox_device` ON `inbox` (`device_num`,`push_id`);--> statement-breakpoint
CREATE INDEX `inbox_expires` ON `inbox` (`expires_at`);--> statement-breakpoint
CREATE TABLE `pushes` (
	`id` integer PRIMARY KEY NOT NULL,
	`app_num` integer NOT NULL,
	`tenant_code` text NOT NULL,
	`platform` integer NOT NULL,
	`msg_type` integer NOT NULL,
	`need_confirm` integer NOT NULL,
	`targeted` integer,
	`first_delivery` integer,
	`last_delivery` integer,
	`published` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`content` text
);
--> statement-breakpoint
CREATE INDEX `pushes_expires` ON `pushes` (`expires_at`);--> statement-breakpoint
CREATE TABLE `receipts` (
	`push_id` integer NOT NULL,
	`device_num` integer NOT NULL,
	`ending` integer NOT NULL,
	`ended_at` integer NOT NULL,
	PRIMARY KEY(`push_id`, `device_num`)
);
--> statement-breakpoint
CREATE TABLE `timeline` (
	`topic_num` integer NOT NULL,
	`push_id` integer NOT NULL,
	`platform` integer NOT NULL,
	`need_confirm` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`topic_num`, `push_id`)
);
--> statement-breakpoint
CREATE INDEX `timeline_confirm` ON `timeline` (`topic_num`,`need_confirm`,`push_id`);--> statement-breakpoint
CREATE INDEX `timeline_push` ON `timeline` (`push_id`);--> statement-breakpoint
CREATE TABLE `topics` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`app_num` integer NOT NULL,
	`tag` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `topics_tag` ON `topics` (`app_num`,`tag`);