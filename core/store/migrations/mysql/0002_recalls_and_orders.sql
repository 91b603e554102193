DROP INDEX `device_tags_topic` ON `device_tags`;--> statement-breakpoint
DROP INDEX `receipts_seq` ON `receipts`;--> statement-breakpoint
ALTER TABLE `pushes` ADD `recalled_at` bigint;--> statement-breakpoint
CREATE INDEX `device_tags_topic_device` ON `device_tags` (`topic_num`,`device_num`);--> statement-breakpoint
CREATE INDEX `receipts_order` ON `receipts` (`seq`,`push_id`,`device_num`);