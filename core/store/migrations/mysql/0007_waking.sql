CREATE TABLE `channels` (
	`num` int AUTO_INCREMENT NOT NULL,
	`app_num` int NOT NULL,
	`name` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`channel` tinyint NOT NULL,
	`settings` longtext character set utf8mb4 NOT NULL,
	`key_id` varchar(16) character set ascii collate ascii_bin NOT NULL,
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	CONSTRAINT `channels_num` PRIMARY KEY(`num`),
	CONSTRAINT `channels_name` UNIQUE(`app_num`,`name`)
);
--> statement-breakpoint
CREATE TABLE `device_tokens` (
	`device_num` int NOT NULL,
	`app_num` int NOT NULL,
	`channel` tinyint NOT NULL,
	`token` varbinary(4096) NOT NULL,
	`token_hash` varchar(43) character set ascii collate ascii_bin NOT NULL,
	`environment` tinyint NOT NULL DEFAULT 0,
	`bundle` varbinary(255),
	`p256dh` varchar(100) character set ascii collate ascii_bin,
	`auth` varchar(32) character set ascii collate ascii_bin,
	`registered_at` bigint NOT NULL,
	`state` tinyint NOT NULL DEFAULT 0,
	`state_at` bigint,
	`reason` varchar(64) character set ascii collate ascii_bin,
	CONSTRAINT `device_tokens_device_num` PRIMARY KEY(`device_num`),
	CONSTRAINT `device_tokens_token` UNIQUE(`app_num`,`channel`,`token_hash`)
);
--> statement-breakpoint
CREATE TABLE `quiet_hours` (
	`app_num` int NOT NULL,
	`scope` tinyint NOT NULL,
	`subject` varbinary(1020) NOT NULL,
	`time_zone` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`from_minute` int NOT NULL,
	`until_minute` int NOT NULL,
	CONSTRAINT `quiet_hours_pk` PRIMARY KEY(`app_num`,`scope`,`subject`)
);
--> statement-breakpoint
CREATE TABLE `wake_walks` (
	`push_id` bigint NOT NULL,
	`app_num` int NOT NULL,
	`after_device` int NOT NULL DEFAULT 0,
	`due_at` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	CONSTRAINT `wake_walks_push_id` PRIMARY KEY(`push_id`)
);
--> statement-breakpoint
CREATE TABLE `wakes` (
	`push_id` bigint NOT NULL,
	`device_num` int NOT NULL,
	`channel` tinyint NOT NULL,
	`app_num` int NOT NULL,
	`state` tinyint NOT NULL,
	`due_at` bigint NOT NULL,
	`attempt` tinyint NOT NULL DEFAULT 0,
	`doubts` tinyint NOT NULL DEFAULT 0,
	`reason` varchar(64) character set ascii collate ascii_bin,
	`changed_at` bigint NOT NULL,
	`seq` bigint NOT NULL DEFAULT 0,
	CONSTRAINT `wakes_pk` PRIMARY KEY(`push_id`,`device_num`,`channel`)
);
--> statement-breakpoint
ALTER TABLE `apps` ADD `hides_content` boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `pushes` ADD `wake` tinyint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `pushes` ADD `sms` boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `wake_walks_due` ON `wake_walks` (`due_at`);--> statement-breakpoint
CREATE INDEX `wakes_due` ON `wakes` (`state`,`due_at`);--> statement-breakpoint
CREATE INDEX `wakes_device` ON `wakes` (`device_num`,`push_id`);--> statement-breakpoint
CREATE INDEX `wakes_order` ON `wakes` (`seq`,`push_id`,`device_num`);