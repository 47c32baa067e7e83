-- Create "transit_batches" table
CREATE TABLE "transit_batches" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "card_id" character varying NOT NULL, "codes" bigint NOT NULL, "issued_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "stopped_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "transit_batches_codes" CHECK (codes > 0));
-- Create index "transitbatch_card_id_issued_at" to table: "transit_batches"
CREATE INDEX "transitbatch_card_id_issued_at" ON "transit_batches" ("card_id", "issued_at");
-- Create index "transitbatch_person_id" to table: "transit_batches"
CREATE INDEX "transitbatch_person_id" ON "transit_batches" ("person_id");
-- Create "transit_rides" table
CREATE TABLE "transit_rides" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "operator_id" character varying NOT NULL, "scan_id" character varying NOT NULL, "content_hash" character varying NOT NULL, "gate" character varying NOT NULL, "fare" bigint NOT NULL, "scanned_at" timestamptz NOT NULL, "outcome" character varying NOT NULL, "paid_from" character varying NULL, "person_id" character varying NULL, "transit_batch_id" character varying NULL, "ledger_transaction_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "transit_rides_paid" CHECK ((((outcome)::text = 'ACCEPTED'::text) AND (paid_from IS NOT NULL) AND (ledger_transaction_id IS NOT NULL)) OR (((outcome)::text <> 'ACCEPTED'::text) AND (paid_from IS NULL) AND (ledger_transaction_id IS NULL))));
-- Create index "transit_rides_ledger_transaction_id_key" to table: "transit_rides"
CREATE UNIQUE INDEX "transit_rides_ledger_transaction_id_key" ON "transit_rides" ("ledger_transaction_id");
-- Create index "transitride_operator_id_scan_id" to table: "transit_rides"
CREATE UNIQUE INDEX "transitride_operator_id_scan_id" ON "transit_rides" ("operator_id", "scan_id");
-- Create index "transitride_person_id" to table: "transit_rides"
CREATE INDEX "transitride_person_id" ON "transit_rides" ("person_id");
-- Create index "transitride_transit_batch_id_outcome" to table: "transit_rides"
CREATE INDEX "transitride_transit_batch_id_outcome" ON "transit_rides" ("transit_batch_id", "outcome");
