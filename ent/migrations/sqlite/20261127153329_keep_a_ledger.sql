-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "holds" table
CREATE TABLE `holds` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `amount` integer NOT NULL, `expires_at` datetime NOT NULL, `domain` text NOT NULL, `merchant` json NOT NULL, `event_key` text NOT NULL, `payee_id` text NOT NULL, `ledger_transaction_id` text NULL, `ledger_account_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `holds_ledger_accounts_holds` FOREIGN KEY (`ledger_account_id`) REFERENCES `ledger_accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `holds_amount` CHECK (amount > 0));
-- Create index "holds_event_key_key" to table: "holds"
CREATE UNIQUE INDEX `holds_event_key_key` ON `holds` (`event_key`);
-- Create index "hold_status_expires_at" to table: "holds"
CREATE INDEX `hold_status_expires_at` ON `holds` (`status`, `expires_at`);
-- Create index "hold_ledger_account_id_status" to table: "holds"
CREATE INDEX `hold_ledger_account_id_status` ON `holds` (`ledger_account_id`, `status`);
-- Create "ledger_accounts" table
CREATE TABLE `ledger_accounts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `kind` text NOT NULL, `owner_id` text NOT NULL DEFAULT (''), `balance` integer NOT NULL DEFAULT (0), `held` integer NOT NULL DEFAULT (0), `floor` integer NULL, `ceiling` integer NULL, `blocked` bool NOT NULL DEFAULT (false), `last_seq` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `ledger_accounts_ceiling` CHECK (ceiling IS NULL OR balance <= ceiling), CONSTRAINT `ledger_accounts_floor` CHECK (floor IS NULL OR balance - held >= floor), CONSTRAINT `ledger_accounts_held` CHECK (held >= 0));
-- Create index "ledgeraccount_kind_owner_id" to table: "ledger_accounts"
CREATE UNIQUE INDEX `ledgeraccount_kind_owner_id` ON `ledger_accounts` (`kind`, `owner_id`);
-- Create "ledger_entries" table
CREATE TABLE `ledger_entries` (`id` text NOT NULL, `created_at` datetime NOT NULL, `amount` integer NOT NULL, `balance_after` integer NOT NULL, `seq` integer NOT NULL, `ledger_account_id` text NOT NULL, `ledger_transaction_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_entries_ledger_accounts_entries` FOREIGN KEY (`ledger_account_id`) REFERENCES `ledger_accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `ledger_entries_ledger_transactions_entries` FOREIGN KEY (`ledger_transaction_id`) REFERENCES `ledger_transactions` (`id`) ON DELETE NO ACTION, CONSTRAINT `ledger_entries_amount` CHECK (amount <> 0));
-- Create index "ledgerentry_ledger_account_id_seq" to table: "ledger_entries"
CREATE UNIQUE INDEX `ledgerentry_ledger_account_id_seq` ON `ledger_entries` (`ledger_account_id`, `seq`);
-- Create index "ledgerentry_ledger_transaction_id_ledger_account_id" to table: "ledger_entries"
CREATE UNIQUE INDEX `ledgerentry_ledger_transaction_id_ledger_account_id` ON `ledger_entries` (`ledger_transaction_id`, `ledger_account_id`);
-- Create "ledger_transactions" table
CREATE TABLE `ledger_transactions` (`id` text NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `domain` text NOT NULL, `merchant` json NOT NULL, `event_key` text NOT NULL, `amount` integer NOT NULL, `reversal_no` integer NULL, `reverses_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_transactions_ledger_transactions_reversals` FOREIGN KEY (`reverses_id`) REFERENCES `ledger_transactions` (`id`) ON DELETE SET NULL, CONSTRAINT `ledger_transactions_amount` CHECK (amount > 0), CONSTRAINT `ledger_transactions_reverses` CHECK (kind = 'REVERSAL' AND reverses_id IS NOT NULL AND reversal_no IS NOT NULL OR kind <> 'REVERSAL' AND reverses_id IS NULL AND reversal_no IS NULL));
-- Create index "ledger_transactions_event_key_key" to table: "ledger_transactions"
CREATE UNIQUE INDEX `ledger_transactions_event_key_key` ON `ledger_transactions` (`event_key`);
-- Create index "ledgertransaction_reverses_id_reversal_no" to table: "ledger_transactions"
CREATE UNIQUE INDEX `ledgertransaction_reverses_id_reversal_no` ON `ledger_transactions` (`reverses_id`, `reversal_no`);
-- Open an account for each card there is, and one of the city's own against which they open
INSERT INTO ledger_accounts (id, created_at, updated_at, kind, owner_id, balance, held, floor, ceiling, blocked, last_seq) SELECT 'account_' || substr(id, 6), created_at, updated_at, 'CARD_BALANCE', person_id, balance, 0, 0, CASE WHEN balance > cap THEN balance ELSE cap END, 0, CASE WHEN balance > 0 THEN 1 ELSE 0 END FROM citizen_cards;
INSERT INTO ledger_accounts (id, created_at, updated_at, kind, owner_id, balance, held, blocked, last_seq) SELECT 'account_00000000000000000000000000', min(created_at), max(updated_at), 'SUSPENSE', '', -sum(balance), 0, 0, count(*) FROM citizen_cards WHERE balance > 0 HAVING count(*) > 0;
-- Post what is on them, a transaction for each
INSERT INTO ledger_transactions (id, created_at, kind, domain, merchant, event_key, amount) SELECT 'txn_' || substr(id, 6), created_at, 'OPENING', 'CARD', '{"zh": ""}', 'opening/' || person_id, balance FROM citizen_cards WHERE balance > 0;
INSERT INTO ledger_entries (id, created_at, amount, balance_after, seq, ledger_account_id, ledger_transaction_id) SELECT 'entry_' || substr(id, 6), created_at, balance, balance, 1, 'account_' || substr(id, 6), 'txn_' || substr(id, 6) FROM citizen_cards WHERE balance > 0;
INSERT INTO ledger_entries (id, created_at, amount, balance_after, seq, ledger_account_id, ledger_transaction_id) SELECT 'entry_' || substr(id, 6, 25) || CASE substr(id, 31, 1) WHEN '0' THEN '1' ELSE '0' END, created_at, -balance, -sum(balance) OVER (ORDER BY id), row_number() OVER (ORDER BY id), 'account_00000000000000000000000000', 'txn_' || substr(id, 6) FROM citizen_cards WHERE balance > 0;
-- Create "new_citizen_cards" table
CREATE TABLE `new_citizen_cards` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `masked_number` text NOT NULL, `kind` text NOT NULL, `status` text NOT NULL, `account_id` text NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `citizen_cards_ledger_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `ledger_accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `citizen_cards_people_card` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "citizen_cards" to new temporary table "new_citizen_cards"
INSERT INTO `new_citizen_cards` (`id`, `created_at`, `updated_at`, `masked_number`, `kind`, `status`, `person_id`, `account_id`) SELECT `id`, `created_at`, `updated_at`, `masked_number`, `kind`, `status`, `person_id`, 'account_' || substr(`id`, 6) FROM `citizen_cards`;
-- Drop "citizen_cards" table after copying rows
DROP TABLE `citizen_cards`;
-- Rename temporary table "new_citizen_cards" to "citizen_cards"
ALTER TABLE `new_citizen_cards` RENAME TO `citizen_cards`;
-- Create index "citizen_cards_person_id_key" to table: "citizen_cards"
CREATE UNIQUE INDEX `citizen_cards_person_id_key` ON `citizen_cards` (`person_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
