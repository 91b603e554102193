CREATE TABLE `webhook_dead_letters` (
	`num` bigint AUTO_INCREMENT NOT NULL,
	`webhook_num` int NOT NULL,
	`event` longtext character set utf8mb4 NOT NULL,
	`reason` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`attempts` int NOT NULL,
	`failed_at` bigint NOT NULL,
	`replaying` boolean NOT NULL DEFAULT false,
	CONSTRAINT `webhook_dead_letters_num` PRIMARY KEY(`num`)
);
--> statement-breakpoint
CREATE TABLE `webhooks` (
	`num` int AUTO_INCREMENT NOT NULL,
	`id` varchar(32) character set ascii collate ascii_bin NOT NULL,
	`app_num` int NOT NULL,
	`name` varchar(255) character set utf8mb4 NOT NULL,
	`url` longtext character set utf8mb4 NOT NULL,
	`secrets` longtext character set utf8mb4 NOT NULL,
	`key_id` varchar(16) character set ascii collate ascii_bin NOT NULL,
	`events` tinyint NOT NULL,
	`max_events` int NOT NULL,
	`seq` bigint NOT NULL,
	`push_id` bigint NOT NULL,
	`device_num` int NOT NULL,
	`rewinds` int NOT NULL DEFAULT 0,
	`created_at` bigint NOT NULL,
	`disabled_at` bigint,
	`failing_since` bigint,
	`reason` varchar(64) character set ascii collate ascii_bin,
	`missed` bigint NOT NULL DEFAULT 0,
	CONSTRAINT `webhooks_num` PRIMARY KEY(`num`),
	CONSTRAINT `webhooks_id` UNIQUE(`id`)
);
--> statement-breakpoint
CREATE INDEX `webhook_dead_letters_webhook` ON `webhook_dead_letters` (`webhook_num`,`num`);--> statement-breakpoint
CREATE INDEX `webhook_dead_letters_failed` ON `webhook_dead_letters` (`failed_at`);--> statement-breakpoint
CREATE INDEX `webhooks_app` ON `webhooks` (`app_num`);