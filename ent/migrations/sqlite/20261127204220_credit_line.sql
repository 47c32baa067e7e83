-- Create "credit_lines" table
CREATE TABLE `credit_lines` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `status` text NOT NULL, `due_at` datetime NULL, `reminded_at` datetime NULL, `account_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `credit_lines_ledger_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `ledger_accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `credit_lines_due` CHECK (status <> 'OVERDUE' OR due_at IS NOT NULL));
-- Create index "credit_lines_person_id_key" to table: "credit_lines"
CREATE UNIQUE INDEX `credit_lines_person_id_key` ON `credit_lines` (`person_id`);
-- Create index "creditline_status_due_at" to table: "credit_lines"
CREATE INDEX `creditline_status_due_at` ON `credit_lines` (`status`, `due_at`);
