-- Create "transit_batches" table
CREATE TABLE `transit_batches` (`id` text NOT NULL, `created_at` datetime NOT NULL, `person_id` text NOT NULL, `card_id` text NOT NULL, `codes` integer NOT NULL, `issued_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `stopped_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `transit_batches_codes` CHECK (codes > 0));
-- Create index "transitbatch_card_id_issued_at" to table: "transit_batches"
CREATE INDEX `transitbatch_card_id_issued_at` ON `transit_batches` (`card_id`, `issued_at`);
-- Create index "transitbatch_person_id" to table: "transit_batches"
CREATE INDEX `transitbatch_person_id` ON `transit_batches` (`person_id`);
-- Create "transit_rides" table
CREATE TABLE `transit_rides` (`id` text NOT NULL, `created_at` datetime NOT NULL, `operator_id` text NOT NULL, `scan_id` text NOT NULL, `content_hash` text NOT NULL, `gate` text NOT NULL, `fare` integer NOT NULL, `scanned_at` datetime NOT NULL, `outcome` text NOT NULL, `paid_from` text NULL, `person_id` text NULL, `transit_batch_id` text NULL, `ledger_transaction_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `transit_rides_paid` CHECK (outcome = 'ACCEPTED' AND paid_from IS NOT NULL AND ledger_transaction_id IS NOT NULL OR outcome <> 'ACCEPTED' AND paid_from IS NULL AND ledger_transaction_id IS NULL));
-- Create index "transit_rides_ledger_transaction_id_key" to table: "transit_rides"
CREATE UNIQUE INDEX `transit_rides_ledger_transaction_id_key` ON `transit_rides` (`ledger_transaction_id`);
-- Create index "transitride_operator_id_scan_id" to table: "transit_rides"
CREATE UNIQUE INDEX `transitride_operator_id_scan_id` ON `transit_rides` (`operator_id`, `scan_id`);
-- Create index "transitride_transit_batch_id_outcome" to table: "transit_rides"
CREATE INDEX `transitride_transit_batch_id_outcome` ON `transit_rides` (`transit_batch_id`, `outcome`);
-- Create index "transitride_person_id" to table: "transit_rides"
CREATE INDEX `transitride_person_id` ON `transit_rides` (`person_id`);
