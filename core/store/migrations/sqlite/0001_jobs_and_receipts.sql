CREATE TABLE `jobs` (
	`id` integer PRIMARY KEY NOT NULL,
	`app_num` integer NOT NULL,
	`state` integer NOT NULL,
	`due_at` integer NOT NULL,
	`after_device` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`spec` text
);
--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`state`,`due_at`);--> statement-breakpoint
CREATE INDEX `jobs_expires` ON `jobs` (`expires_at`);--> statement-breakpoint
ALTER TABLE `apps` ADD `disabled_at` integer;--> statement-breakpoint
ALTER TABLE `inbox` ADD `app_num` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `inbox` ADD `collapse_key` text;--> statement-breakpoint
ALTER TABLE `pushes` ADD `job_id` integer;--> statement-breakpoint
ALTER TABLE `pushes` ADD `collapse_key` text;--> statement-breakpoint
ALTER TABLE `pushes` ADD `priority` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `pushes_job` ON `pushes` (`job_id`);--> statement-breakpoint
ALTER TABLE `receipts` ADD `app_num` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `receipts` ADD `seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `receipts_seq` ON `receipts` (`seq`);--> statement-breakpoint
CREATE INDEX `receipts_device` ON `receipts` (`device_num`,`push_id`);--> statement-breakpoint
ALTER TABLE `timeline` ADD `collapse_key` text;--> statement-breakpoint
CREATE INDEX `timeline_collapse` ON `timeline` (`topic_num`,`collapse_key`);--> statement-breakpoint
UPDATE `inbox` SET `app_num` = COALESCE((SELECT `app_num` FROM `pushes` WHERE `pushes`.`id` = `inbox`.`push_id`), 0);--> statement-breakpoint
UPDATE `receipts` SET `app_num` = COALESCE((SELECT `app_num` FROM `pushes` WHERE `pushes`.`id` = `receipts`.`push_id`), 0);
