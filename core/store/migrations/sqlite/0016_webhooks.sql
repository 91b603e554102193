CREATE TABLE `webhook_dead_letters` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_num` integer NOT NULL,
	`event` text NOT NULL,
	`reason` text NOT NULL,
	`attempts` integer NOT NULL,
	`failed_at` integer NOT NULL,
	`replaying` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhook_dead_letters_webhook` ON `webhook_dead_letters` (`webhook_num`,`num`);--> statement-breakpoint
CREATE INDEX `webhook_dead_letters_failed` ON `webhook_dead_letters` (`failed_at`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`app_num` integer NOT NULL,
	`name` text NOT NULL,
	`url` text NOT NULL,
	`secrets` text NOT NULL,
	`key_id` text NOT NULL,
	`events` integer NOT NULL,
	`max_events` integer NOT NULL,
	`seq` integer NOT NULL,
	`push_id` integer NOT NULL,
	`device_num` integer NOT NULL,
	`rewinds` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer,
	`failing_since` integer,
	`reason` text,
	`missed` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_id` ON `webhooks` (`id`);--> statement-breakpoint
CREATE INDEX `webhooks_app` ON `webhooks` (`app_num`);