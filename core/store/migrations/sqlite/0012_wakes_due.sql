DROP INDEX `wakes_due`;--> statement-breakpoint
ALTER TABLE `wakes` ADD `lane` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `wakes_due` ON `wakes` (`state`,`lane`,`due_at`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_wake_walks` (
	`push_id` integer NOT NULL,
	`lane` integer NOT NULL,
	`app_num` integer NOT NULL,
	`after_device` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`push_id`, `lane`)
);
--> statement-breakpoint
INSERT INTO `__new_wake_walks`("push_id", "lane", "app_num", "after_device", "due_at", "expires_at") SELECT "push_id", "app_num" * 1048576, "app_num", "after_device", "due_at", "expires_at" FROM `wake_walks`;--> statement-breakpoint
DROP TABLE `wake_walks`;--> statement-breakpoint
ALTER TABLE `__new_wake_walks` RENAME TO `wake_walks`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `wake_walks_due` ON `wake_walks` (`due_at`);--> statement-breakpoint
ALTER TABLE `device_tokens` ADD `lane` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `device_tokens_lane` ON `device_tokens` (`lane`,`device_num`);--> statement-breakpoint
UPDATE `device_tokens` SET `lane` = `app_num` * 1048576 + `channel` * 16384 + `environment`;--> statement-breakpoint
UPDATE `wakes` SET `lane` = `app_num` * 1048576 + CASE WHEN `channel` < 20 THEN `channel` ELSE 20 END * 16384;