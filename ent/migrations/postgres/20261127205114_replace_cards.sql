-- Modify "audit_events" table
ALTER TABLE "audit_events" ADD COLUMN "reason" character varying NOT NULL DEFAULT '';
-- Drop index "citizen_cards_person_id_key" from table: "citizen_cards"
DROP INDEX "citizen_cards_person_id_key";
-- Modify "citizen_cards" table
ALTER TABLE "citizen_cards" DROP CONSTRAINT "citizen_cards_people_card", ADD COLUMN "holder_id" character varying NULL;
-- A card that has not ended is still its person's
UPDATE "citizen_cards" SET "holder_id" = "person_id" WHERE "status" NOT IN ('REPLACED', 'CLOSED');
-- Modify "citizen_cards" table
ALTER TABLE "citizen_cards" ADD CONSTRAINT "citizen_cards_holder" CHECK ((((status)::text = ANY ((ARRAY['REPLACED'::character varying, 'CLOSED'::character varying])::text[])) AND (holder_id IS NULL)) OR (((status)::text <> ALL ((ARRAY['REPLACED'::character varying, 'CLOSED'::character varying])::text[])) AND (holder_id IS NOT NULL) AND ((holder_id)::text = (person_id)::text))), ADD CONSTRAINT "citizen_cards_people_card" FOREIGN KEY ("holder_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- Create index "citizen_cards_holder_id_key" to table: "citizen_cards"
CREATE UNIQUE INDEX "citizen_cards_holder_id_key" ON "citizen_cards" ("holder_id");
-- Create index "citizencard_person_id" to table: "citizen_cards"
CREATE INDEX "citizencard_person_id" ON "citizen_cards" ("person_id");
