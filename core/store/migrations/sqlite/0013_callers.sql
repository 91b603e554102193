CREATE TABLE `admin_tokens` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`token_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE TABLE `audit_log` (
	`num` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor_kind` integer NOT NULL,
	`actor_id` text NOT NULL,
	`actor_name` text NOT NULL,
	`app_id` text NOT NULL,
	`method` text NOT NULL,
	`target` text NOT NULL,
	`address` text NOT NULL,
	`outcome` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);--> statement-breakpoint
CREATE INDEX `audit_log_app` ON `audit_log` (`app_id`,`num`);--> statement-breakpoint
CREATE INDEX `audit_log_actor` ON `audit_log` (`actor_id`,`num`);--> statement-breakpoint
ALTER TABLE `app_keys` ADD `name` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `app_keys` ADD `scope` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `app_keys` ADD `last_used_at` integer;