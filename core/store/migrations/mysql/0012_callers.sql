CREATE TABLE `admin_tokens` (
	`num` int AUTO_INCREMENT NOT NULL,
	`name` varchar(255) character set utf8mb4 NOT NULL,
	`token_hash` varchar(43) character set ascii collate ascii_bin NOT NULL,
	`created_at` bigint NOT NULL,
	`expires_at` bigint,
	`last_used_at` bigint,
	CONSTRAINT `admin_tokens_num` PRIMARY KEY(`num`)
);
--> statement-breakpoint
CREATE TABLE `audit_log` (
	`num` bigint AUTO_INCREMENT NOT NULL,
	`at` bigint NOT NULL,
	`actor_kind` tinyint NOT NULL,
	`actor_id` varchar(32) character set ascii collate ascii_bin NOT NULL,
	`actor_name` varchar(255) character set utf8mb4 NOT NULL,
	`app_id` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`method` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`target` varchar(255) character set utf8mb4 NOT NULL,
	`address` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`outcome` varchar(64) character set ascii collate ascii_bin NOT NULL,
	CONSTRAINT `audit_log_num` PRIMARY KEY(`num`)
);
--> statement-breakpoint
ALTER TABLE `app_keys` ADD `name` varchar(255) character set utf8mb4 DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `app_keys` ADD `scope` tinyint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `app_keys` ADD `last_used_at` bigint;--> statement-breakpoint
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);--> statement-breakpoint
CREATE INDEX `audit_log_app` ON `audit_log` (`app_id`,`num`);--> statement-breakpoint
CREATE INDEX `audit_log_actor` ON `audit_log` (`actor_id`,`num`);