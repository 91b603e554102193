CREATE TABLE `channels` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`app_num` integer NOT NULL,
	`name` text NOT NULL,
	`channel` integer NOT NULL,
	`settings` text NOT NULL,
	`key_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `channels_name` ON `channels` (`app_num`,`name`);--> statement-breakpoint
CREATE TABLE `device_tokens` (
	`device_num` integer PRIMARY KEY NOT NULL,
	`app_num` integer NOT NULL,
	`channel` integer NOT NULL,
	`token` text NOT NULL,
	`token_hash` text NOT NULL,
	`environment` integer DEFAULT 0 NOT NULL,
	`bundle` text,
	`p256dh` text,
	`auth` text,
	`registered_at` integer NOT NULL,
	`state` integer DEFAULT 0 NOT NULL,
	`state_at` integer,
	`reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `device_tokens_token` ON `device_tokens` (`app_num`,`channel`,`token_hash`);--> statement-breakpoint
CREATE TABLE `quiet_hours` (
	`app_num` integer NOT NULL,
	`scope` integer NOT NULL,
	`subject` text NOT NULL,
	`time_zone` text NOT NULL,
	`from_minute` integer NOT NULL,
	`until_minute` integer NOT NULL,
	PRIMARY KEY(`app_num`, `scope`, `subject`)
);
--> statement-breakpoint
CREATE TABLE `wake_walks` (
	`push_id` integer PRIMARY KEY NOT NULL,
	`app_num` integer NOT NULL,
	`after_device` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `wake_walks_due` ON `wake_walks` (`due_at`);--> statement-breakpoint
CREATE TABLE `wakes` (
	`push_id` integer NOT NULL,
	`device_num` integer NOT NULL,
	`channel` integer NOT NULL,
	`app_num` integer NOT NULL,
	`state` integer NOT NULL,
	`due_at` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`doubts` integer DEFAULT 0 NOT NULL,
	`reason` text,
	`changed_at` integer NOT NULL,
	`seq` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`push_id`, `device_num`, `channel`)
);
--> statement-breakpoint
CREATE INDEX `wakes_due` ON `wakes` (`state`,`due_at`);--> statement-breakpoint
CREATE INDEX `wakes_device` ON `wakes` (`device_num`,`push_id`);--> statement-breakpoint
CREATE INDEX `wakes_order` ON `wakes` (`seq`,`push_id`,`device_num`);--> statement-breakpoint
ALTER TABLE `apps` ADD `hides_content` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `pushes` ADD `wake` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `pushes` ADD `sms` integer DEFAULT false NOT NULL;