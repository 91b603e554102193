DROP INDEX `device_tags_topic`;--> statement-breakpoint
CREATE INDEX `device_tags_topic_device` ON `device_tags` (`topic_num`,`device_num`);--> statement-breakpoint
DROP INDEX `receipts_seq`;--> statement-breakpoint
CREATE INDEX `receipts_order` ON `receipts` (`seq`,`push_id`,`device_num`);--> statement-breakpoint
ALTER TABLE `pushes` ADD `recalled_at` integer;