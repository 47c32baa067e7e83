-- $1: session id, $2: page size
WITH viewer AS (
  SELECT s.person_id AS id FROM sessions s
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now()
), desks AS (
  SELECT r.organisation_id AS district_id FROM staff_roles r JOIN viewer v ON v.id = r.person_id
  WHERE r.kind = 'CASE_OFFICER'
), ahead AS MATERIALIZED (
  SELECT c.*, row_number() OVER (ORDER BY c.id DESC) AS rank
  FROM (
    SELECT c.* FROM city_cases c WHERE c.reporter_id = (SELECT id FROM viewer)
    ORDER BY c.id DESC LIMIT $2 + 1) c
), page AS (
  SELECT * FROM ahead WHERE rank <= $2
)
SELECT
  (SELECT coalesce(json_agg(json_build_object('node', json_build_object(
    'id', c.id, 'number', c.number, 'status', c.status, 'description', c.description,
    'createdAt', c.created_at, 'dueAt', c.due_at,
    'allowedActions', CASE
      WHEN c.status IN ('SUBMITTED', 'ACCEPTED', 'FILED') THEN '["WITHDRAW", "UPDATE"]'::json
      WHEN c.status = 'CLOSED' THEN to_json(array_remove(ARRAY[
        CASE WHEN c.reopen_count < 2 AND c.closed_at >= now() - interval '15 days' THEN 'REOPEN' END,
        CASE WHEN c.rating IS NULL THEN 'RATE' END], NULL))
      WHEN c.status IN ('REJECTED', 'DUPLICATE', 'WITHDRAWN') THEN '[]'::json
      ELSE '["UPDATE"]'::json END,
    'category', json_build_object('id', k.id, 'kind', k.kind, 'name', k.name->>'zh'),
    'district', json_build_object('id', d.id, 'name', d.name->>'zh'),
    'events', json_build_object('edges', (
      SELECT coalesce(json_agg(json_build_object('node', json_build_object(
        'id', e.id, 'seq', e.seq, 'from', e.from_status, 'to', e.to_status, 'actorKind', e.actor_kind,
        'note', e.note, 'createdAt', e.created_at
      )) ORDER BY e.id), '[]')
      FROM (
        SELECT * FROM case_events e
        WHERE e.city_case_id = c.id AND (e.public OR c.district_id IN (SELECT district_id FROM desks))
        ORDER BY e.id DESC LIMIT 3) e))
  )) ORDER BY c.id DESC), '[]')
  FROM page c
  JOIN case_categories k ON k.id = c.category_id
  JOIN districts d ON d.id = c.district_id) AS edges,
  (SELECT count(*) > $2 FROM ahead) AS has_next,
  coalesce((SELECT min(id) FROM page), '') AS last_id
FROM viewer v
