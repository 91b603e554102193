CREATE TABLE `cores` (
	`core` integer PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`owner` text,
	`address` text DEFAULT '' NOT NULL,
	`lease_until` integer DEFAULT 0 NOT NULL,
	`commits` integer DEFAULT 0 NOT NULL,
	`connection` integer DEFAULT 0 NOT NULL,
	`push_id` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
INSERT INTO `cores` (`core`, `epoch`, `push_id`) SELECT 0, 0, COALESCE(MAX(`push_id`), 0) FROM `clocks`;--> statement-breakpoint
CREATE TABLE `__new_cursors` (
	`device_num` integer PRIMARY KEY NOT NULL,
	`push_id` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_cursors`("device_num", "push_id") SELECT "device_num", MAX("push_id") FROM `cursors` GROUP BY "device_num";--> statement-breakpoint
DROP TABLE `cursors`;--> statement-breakpoint
ALTER TABLE `__new_cursors` RENAME TO `cursors`;--> statement-breakpoint
ALTER TABLE `devices` ADD `generation` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `pushes` ADD `content_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `pushes` SET `content_bytes` = length(CAST(`content` AS BLOB)) WHERE `content` IS NOT NULL;