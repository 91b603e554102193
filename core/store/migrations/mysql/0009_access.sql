CREATE TABLE `replaced_ids` (
	`id` varbinary(32) NOT NULL,
	`device_num` int NOT NULL,
	`replaced_at` bigint NOT NULL,
	CONSTRAINT `replaced_ids_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`num` int AUTO_INCREMENT NOT NULL,
	`id` varchar(32) character set ascii collate ascii_bin NOT NULL,
	`app_num` int NOT NULL,
	`kind` tinyint NOT NULL,
	`kid` varchar(128) character set ascii collate ascii_bin,
	`material` longtext character set utf8mb4 NOT NULL,
	`key_id` varchar(16) character set ascii collate ascii_bin,
	`created_at` bigint NOT NULL,
	CONSTRAINT `signing_keys_num` PRIMARY KEY(`num`),
	CONSTRAINT `signing_keys_id` UNIQUE(`app_num`,`id`)
);
--> statement-breakpoint
ALTER TABLE `apps` ADD `registration` tinyint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `replaced_ids_at` ON `replaced_ids` (`replaced_at`);--> statement-breakpoint
CREATE INDEX `replaced_ids_device` ON `replaced_ids` (`device_num`);