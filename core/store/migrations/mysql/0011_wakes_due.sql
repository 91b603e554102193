DROP INDEX `wakes_due` ON `wakes`;--> statement-breakpoint
ALTER TABLE `device_tokens` ADD `lane` bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `wake_walks` ADD `lane` bigint NOT NULL;--> statement-breakpoint
UPDATE `wake_walks` SET `lane` = `app_num` * 1048576;--> statement-breakpoint
ALTER TABLE `wake_walks` DROP PRIMARY KEY, ADD PRIMARY KEY(`push_id`,`lane`);--> statement-breakpoint
ALTER TABLE `wakes` ADD `lane` bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `device_tokens_lane` ON `device_tokens` (`lane`,`device_num`);--> statement-breakpoint
CREATE INDEX `wakes_due` ON `wakes` (`state`,`lane`,`due_at`);--> statement-breakpoint
UPDATE `device_tokens` SET `lane` = `app_num` * 1048576 + `channel` * 16384 + `environment`;--> statement-breakpoint
UPDATE `wakes` SET `lane` = `app_num` * 1048576 + CASE WHEN `channel` < 20 THEN `channel` ELSE 20 END * 16384;