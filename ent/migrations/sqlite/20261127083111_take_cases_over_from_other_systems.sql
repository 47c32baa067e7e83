-- Add column "source" to table: "city_cases"
ALTER TABLE `city_cases` ADD COLUMN `source` text NULL;
-- Add column "source_id" to table: "city_cases"
ALTER TABLE `city_cases` ADD COLUMN `source_id` text NULL;
-- Create index "citycase_source_source_id" to table: "city_cases"
CREATE UNIQUE INDEX `citycase_source_source_id` ON `city_cases` (`source`, `source_id`);
