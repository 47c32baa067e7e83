-- Drop index "clinic_source_system_source_value" from table: "clinics"
DROP INDEX `clinic_source_system_source_value`;
-- Create index "clinic_source_value_source_system" to table: "clinics"
CREATE UNIQUE INDEX `clinic_source_value_source_system` ON `clinics` (`source_value`, `source_system`);
-- Drop index "practitioner_source_system_source_value" from table: "practitioners"
DROP INDEX `practitioner_source_system_source_value`;
-- Create index "practitioner_source_value_source_system" to table: "practitioners"
CREATE UNIQUE INDEX `practitioner_source_value_source_system` ON `practitioners` (`source_value`, `source_system`);
-- Drop index "practitionerrole_source_system_source_value" from table: "practitioner_roles"
DROP INDEX `practitionerrole_source_system_source_value`;
-- Create index "practitionerrole_source_value_source_system" to table: "practitioner_roles"
CREATE UNIQUE INDEX `practitionerrole_source_value_source_system` ON `practitioner_roles` (`source_value`, `source_system`);
-- Drop index "schedule_source_system_source_value" from table: "schedules"
DROP INDEX `schedule_source_system_source_value`;
-- Create index "schedule_source_value_source_system" to table: "schedules"
CREATE UNIQUE INDEX `schedule_source_value_source_system` ON `schedules` (`source_value`, `source_system`);
-- Drop index "slot_source_system_source_value" from table: "slots"
DROP INDEX `slot_source_system_source_value`;
-- Create index "slot_source_value_source_system" to table: "slots"
CREATE UNIQUE INDEX `slot_source_value_source_system` ON `slots` (`source_value`, `source_system`);
