-- Create "case_photos" table
CREATE TABLE `case_photos` (`id` text NOT NULL, `created_at` datetime NOT NULL, `purpose` text NOT NULL, `width` integer NOT NULL, `height` integer NOT NULL, `blur_hash` text NOT NULL, `size_bytes` integer NOT NULL, `file` text NOT NULL, `data_key` blob NOT NULL, `uploader_id` text NOT NULL, `case_event_id` text NULL, `city_case_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `case_photos_case_events_photos` FOREIGN KEY (`case_event_id`) REFERENCES `case_events` (`id`) ON DELETE SET NULL, CONSTRAINT `case_photos_city_cases_photos` FOREIGN KEY (`city_case_id`) REFERENCES `city_cases` (`id`) ON DELETE SET NULL);
-- Create index "case_photos_file_key" to table: "case_photos"
CREATE UNIQUE INDEX `case_photos_file_key` ON `case_photos` (`file`);
-- Create index "casephoto_city_case_id_id" to table: "case_photos"
CREATE INDEX `casephoto_city_case_id_id` ON `case_photos` (`city_case_id`, `id`);
-- Create index "casephoto_case_event_id_id" to table: "case_photos"
CREATE INDEX `casephoto_case_event_id_id` ON `case_photos` (`case_event_id`, `id`);
-- Create index "casephoto_uploader_id_city_case_id" to table: "case_photos"
CREATE INDEX `casephoto_uploader_id_city_case_id` ON `case_photos` (`uploader_id`, `city_case_id`);
