CREATE TABLE IF NOT EXISTS `cores` (
	`core` tinyint NOT NULL,
	`epoch` bigint NOT NULL,
	`owner` varchar(32) character set ascii collate ascii_bin,
	`address` varchar(255) character set ascii collate ascii_bin NOT NULL DEFAULT '',
	`lease_until` bigint NOT NULL DEFAULT 0,
	`commits` bigint NOT NULL DEFAULT 0,
	`connection` bigint NOT NULL DEFAULT 0,
	`push_id` bigint NOT NULL DEFAULT 0,
	CONSTRAINT `cores_core` PRIMARY KEY(`core`)
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS `clocks` (`core` tinyint NOT NULL PRIMARY KEY, `push_id` bigint NOT NULL);--> statement-breakpoint
INSERT IGNORE INTO `cores` (`core`, `epoch`, `push_id`) SELECT 0, 0, COALESCE(MAX(`push_id`), 0) FROM `clocks`;--> statement-breakpoint
ALTER TABLE `cursors` DROP PRIMARY KEY, DROP COLUMN `core`, ADD PRIMARY KEY(`device_num`);--> statement-breakpoint
ALTER TABLE `devices` ADD `generation` int DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `pushes` ADD `content_bytes` int DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `pushes` SET `content_bytes` = LENGTH(`content`) WHERE `content` IS NOT NULL;