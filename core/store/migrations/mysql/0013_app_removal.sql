ALTER TABLE `apps` ADD `deleted_at` bigint;--> statement-breakpoint
CREATE INDEX `jobs_app` ON `jobs` (`app_num`,`id`);--> statement-breakpoint
CREATE INDEX `pushes_app` ON `pushes` (`app_num`,`id`);