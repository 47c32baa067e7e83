-- Create "top_ups" table
CREATE TABLE `top_ups` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `account_id` text NOT NULL, `amount` integer NOT NULL, `provider` text NOT NULL, `status` text NOT NULL, `provider_transaction_id` text NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `top_ups_amount` CHECK (amount > 0));
-- Create index "topup_status_updated_at" to table: "top_ups"
CREATE INDEX `topup_status_updated_at` ON `top_ups` (`status`, `updated_at`);
-- Create index "topup_person_id" to table: "top_ups"
CREATE INDEX `topup_person_id` ON `top_ups` (`person_id`);
-- Create index "topup_provider_provider_transaction_id" to table: "top_ups"
CREATE UNIQUE INDEX `topup_provider_provider_transaction_id` ON `top_ups` (`provider`, `provider_transaction_id`);
