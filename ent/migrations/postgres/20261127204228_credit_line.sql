-- Create "credit_lines" table
CREATE TABLE "credit_lines" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "status" character varying NOT NULL, "due_at" timestamptz NULL, "reminded_at" timestamptz NULL, "account_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "credit_lines_ledger_accounts_account" FOREIGN KEY ("account_id") REFERENCES "ledger_accounts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_lines_due" CHECK (((status)::text <> 'OVERDUE'::text) OR (due_at IS NOT NULL)));
-- Create index "credit_lines_person_id_key" to table: "credit_lines"
CREATE UNIQUE INDEX "credit_lines_person_id_key" ON "credit_lines" ("person_id");
-- Create index "creditline_status_due_at" to table: "credit_lines"
CREATE INDEX "creditline_status_due_at" ON "credit_lines" ("status", "due_at");
