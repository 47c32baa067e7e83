-- Create "ledger_accounts" table
CREATE TABLE "ledger_accounts" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "owner_id" character varying NOT NULL DEFAULT '', "balance" bigint NOT NULL DEFAULT 0, "held" bigint NOT NULL DEFAULT 0, "floor" bigint NULL, "ceiling" bigint NULL, "blocked" boolean NOT NULL DEFAULT false, "last_seq" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "ledger_accounts_ceiling" CHECK ((ceiling IS NULL) OR (balance <= ceiling)), CONSTRAINT "ledger_accounts_floor" CHECK ((floor IS NULL) OR ((balance - held) >= floor)), CONSTRAINT "ledger_accounts_held" CHECK (held >= 0));
-- Create index "ledgeraccount_kind_owner_id" to table: "ledger_accounts"
CREATE UNIQUE INDEX "ledgeraccount_kind_owner_id" ON "ledger_accounts" ("kind", "owner_id");
-- Create "holds" table
CREATE TABLE "holds" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "amount" bigint NOT NULL, "expires_at" timestamptz NOT NULL, "domain" character varying NOT NULL, "merchant" jsonb NOT NULL, "event_key" character varying NOT NULL, "payee_id" character varying NOT NULL, "ledger_transaction_id" character varying NULL, "ledger_account_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "holds_ledger_accounts_holds" FOREIGN KEY ("ledger_account_id") REFERENCES "ledger_accounts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "holds_amount" CHECK (amount > 0));
-- Create index "hold_ledger_account_id_status" to table: "holds"
CREATE INDEX "hold_ledger_account_id_status" ON "holds" ("ledger_account_id", "status");
-- Create index "hold_status_expires_at" to table: "holds"
CREATE INDEX "hold_status_expires_at" ON "holds" ("status", "expires_at");
-- Create index "holds_event_key_key" to table: "holds"
CREATE UNIQUE INDEX "holds_event_key_key" ON "holds" ("event_key");
-- Create "ledger_transactions" table
CREATE TABLE "ledger_transactions" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "domain" character varying NOT NULL, "merchant" jsonb NOT NULL, "event_key" character varying NOT NULL, "amount" bigint NOT NULL, "reversal_no" bigint NULL, "reverses_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "ledger_transactions_ledger_transactions_reversals" FOREIGN KEY ("reverses_id") REFERENCES "ledger_transactions" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "ledger_transactions_amount" CHECK (amount > 0), CONSTRAINT "ledger_transactions_reverses" CHECK ((((kind)::text = 'REVERSAL'::text) AND (reverses_id IS NOT NULL) AND (reversal_no IS NOT NULL)) OR (((kind)::text <> 'REVERSAL'::text) AND (reverses_id IS NULL) AND (reversal_no IS NULL))));
-- Create index "ledger_transactions_event_key_key" to table: "ledger_transactions"
CREATE UNIQUE INDEX "ledger_transactions_event_key_key" ON "ledger_transactions" ("event_key");
-- Create index "ledgertransaction_reverses_id_reversal_no" to table: "ledger_transactions"
CREATE UNIQUE INDEX "ledgertransaction_reverses_id_reversal_no" ON "ledger_transactions" ("reverses_id", "reversal_no");
-- Create "ledger_entries" table
CREATE TABLE "ledger_entries" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "amount" bigint NOT NULL, "balance_after" bigint NOT NULL, "seq" bigint NOT NULL, "ledger_account_id" character varying NOT NULL, "ledger_transaction_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "ledger_entries_ledger_accounts_entries" FOREIGN KEY ("ledger_account_id") REFERENCES "ledger_accounts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "ledger_entries_ledger_transactions_entries" FOREIGN KEY ("ledger_transaction_id") REFERENCES "ledger_transactions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "ledger_entries_amount" CHECK (amount <> 0));
-- Create index "ledgerentry_ledger_account_id_seq" to table: "ledger_entries"
CREATE UNIQUE INDEX "ledgerentry_ledger_account_id_seq" ON "ledger_entries" ("ledger_account_id", "seq");
-- Create index "ledgerentry_ledger_transaction_id_ledger_account_id" to table: "ledger_entries"
CREATE UNIQUE INDEX "ledgerentry_ledger_transaction_id_ledger_account_id" ON "ledger_entries" ("ledger_transaction_id", "ledger_account_id");
-- Open an account for each card there is, and one of the city's own against which they open
INSERT INTO ledger_accounts (id, created_at, updated_at, kind, owner_id, balance, held, floor, ceiling, blocked, last_seq) SELECT 'account_' || substr(id, 6), created_at, updated_at, 'CARD_BALANCE', person_id, balance, 0, 0, CASE WHEN balance > cap THEN balance ELSE cap END, false, CASE WHEN balance > 0 THEN 1 ELSE 0 END FROM citizen_cards;
INSERT INTO ledger_accounts (id, created_at, updated_at, kind, owner_id, balance, held, blocked, last_seq) SELECT 'account_00000000000000000000000000', min(created_at), max(updated_at), 'SUSPENSE', '', CAST(-sum(balance) AS bigint), 0, false, count(*) FROM citizen_cards WHERE balance > 0 HAVING count(*) > 0;
-- Post what is on them, a transaction for each
INSERT INTO ledger_transactions (id, created_at, kind, domain, merchant, event_key, amount) SELECT 'txn_' || substr(id, 6), created_at, 'OPENING', 'CARD', '{"zh": ""}', 'opening/' || person_id, balance FROM citizen_cards WHERE balance > 0;
INSERT INTO ledger_entries (id, created_at, amount, balance_after, seq, ledger_account_id, ledger_transaction_id) SELECT 'entry_' || substr(id, 6), created_at, balance, balance, 1, 'account_' || substr(id, 6), 'txn_' || substr(id, 6) FROM citizen_cards WHERE balance > 0;
INSERT INTO ledger_entries (id, created_at, amount, balance_after, seq, ledger_account_id, ledger_transaction_id) SELECT 'entry_' || substr(id, 6, 25) || CASE substr(id, 31, 1) WHEN '0' THEN '1' ELSE '0' END, created_at, -balance, CAST(-sum(balance) OVER (ORDER BY id) AS bigint), row_number() OVER (ORDER BY id), 'account_00000000000000000000000000', 'txn_' || substr(id, 6) FROM citizen_cards WHERE balance > 0;
-- Have each card name its account
ALTER TABLE "citizen_cards" ADD COLUMN "account_id" character varying NULL;
UPDATE citizen_cards SET account_id = 'account_' || substr(id, 6);
ALTER TABLE "citizen_cards" DROP COLUMN "balance", DROP COLUMN "available", DROP COLUMN "cap", ALTER COLUMN "account_id" SET NOT NULL, ADD CONSTRAINT "citizen_cards_ledger_accounts_account" FOREIGN KEY ("account_id") REFERENCES "ledger_accounts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
