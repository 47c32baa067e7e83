-- Add column "place" to table: "ledger_transactions"
ALTER TABLE `ledger_transactions` ADD COLUMN `place` text NULL;
-- Say it of what was spent before: the one merchant's account that a transaction has an entry in
UPDATE ledger_transactions SET place = (SELECT max(a.owner_id) FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.ledger_account_id WHERE e.ledger_transaction_id = ledger_transactions.id AND a.kind = 'MERCHANT' AND (a.owner_id LIKE 'clinic|_%' ESCAPE '|' OR a.owner_id LIKE 'spot|_%' ESCAPE '|') HAVING count(*) = 1);
