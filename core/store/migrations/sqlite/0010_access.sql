CREATE TABLE `replaced_ids` (
	`id` text PRIMARY KEY NOT NULL,
	`device_num` integer NOT NULL,
	`replaced_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `replaced_ids_at` ON `replaced_ids` (`replaced_at`);--> statement-breakpoint
CREATE INDEX `replaced_ids_device` ON `replaced_ids` (`device_num`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`app_num` integer NOT NULL,
	`kind` integer NOT NULL,
	`kid` text,
	`material` text NOT NULL,
	`key_id` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_id` ON `signing_keys` (`app_num`,`id`);--> statement-breakpoint
ALTER TABLE `apps` ADD `registration` integer DEFAULT 0 NOT NULL;