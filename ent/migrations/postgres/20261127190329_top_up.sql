-- Create "top_ups" table
CREATE TABLE "top_ups" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "account_id" character varying NOT NULL, "amount" bigint NOT NULL, "provider" character varying NOT NULL, "status" character varying NOT NULL, "provider_transaction_id" character varying NULL, "expires_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "top_ups_amount" CHECK (amount > 0));
-- Create index "topup_person_id" to table: "top_ups"
CREATE INDEX "topup_person_id" ON "top_ups" ("person_id");
-- Create index "topup_provider_provider_transaction_id" to table: "top_ups"
CREATE UNIQUE INDEX "topup_provider_provider_transaction_id" ON "top_ups" ("provider", "provider_transaction_id");
-- Create index "topup_status_updated_at" to table: "top_ups"
CREATE INDEX "topup_status_updated_at" ON "top_ups" ("status", "updated_at");
