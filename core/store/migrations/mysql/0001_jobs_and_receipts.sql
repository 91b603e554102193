CREATE TABLE `jobs` (
	`id` bigint NOT NULL,
	`app_num` int NOT NULL,
	`state` tinyint NOT NULL,
	`due_at` bigint NOT NULL,
	`after_device` int NOT NULL DEFAULT 0,
	`created_at` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	`spec` longtext character set utf8mb4,
	CONSTRAINT `jobs_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
ALTER TABLE `apps` ADD `disabled_at` bigint;--> statement-breakpoint
ALTER TABLE `inbox` ADD `app_num` int DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `inbox` ADD `collapse_key` varbinary(256);--> statement-breakpoint
ALTER TABLE `pushes` ADD `job_id` bigint;--> statement-breakpoint
ALTER TABLE `pushes` ADD `collapse_key` varbinary(256);--> statement-breakpoint
ALTER TABLE `pushes` ADD `priority` tinyint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `receipts` ADD `app_num` int DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `receipts` ADD `seq` bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `timeline` ADD `collapse_key` varbinary(256);--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`state`,`due_at`);--> statement-breakpoint
CREATE INDEX `jobs_expires` ON `jobs` (`expires_at`);--> statement-breakpoint
CREATE INDEX `pushes_job` ON `pushes` (`job_id`);--> statement-breakpoint
CREATE INDEX `receipts_seq` ON `receipts` (`seq`);--> statement-breakpoint
CREATE INDEX `receipts_device` ON `receipts` (`device_num`,`push_id`);--> statement-breakpoint
CREATE INDEX `timeline_collapse` ON `timeline` (`topic_num`,`collapse_key`);--> statement-breakpoint
UPDATE `inbox` SET `app_num` = COALESCE((SELECT `app_num` FROM `pushes` WHERE `pushes`.`id` = `inbox`.`push_id`), 0);--> statement-breakpoint
UPDATE `receipts` SET `app_num` = COALESCE((SELECT `app_num` FROM `pushes` WHERE `pushes`.`id` = `receipts`.`push_id`), 0);
