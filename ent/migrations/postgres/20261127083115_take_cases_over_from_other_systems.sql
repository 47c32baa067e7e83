-- Modify "city_cases" table
ALTER TABLE "city_cases" ADD COLUMN "source" character varying NULL, ADD COLUMN "source_id" character varying NULL;
-- Create index "citycase_source_source_id" to table: "city_cases"
CREATE UNIQUE INDEX "citycase_source_source_id" ON "city_cases" ("source", "source_id");
