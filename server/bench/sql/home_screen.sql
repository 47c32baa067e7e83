-- $1: session id
WITH viewer AS (
  SELECT p.* FROM sessions s JOIN people p ON p.id = s.person_id
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now()
), desks AS (
  SELECT r.organisation_id AS district_id FROM staff_roles r JOIN viewer v ON v.id = r.person_id
  WHERE r.kind = 'CASE_OFFICER'
)
SELECT json_build_object(
  'me', json_build_object(
    'id', v.id,
    'maskedName', left(v.name, 1) || repeat('*', least(char_length(v.name) - 1, 2)),
    'district', (
      SELECT json_build_object('id', d.id, 'name', d.name->>'zh') FROM districts d WHERE d.id = v.district_id),
    'card', (
      SELECT json_build_object('id', c.id, 'maskedNumber', c.masked_number, 'status', c.status,
        'balance', c.balance, 'available', c.available)
      FROM citizen_cards c WHERE c.person_id = v.id)),
  'unreadCount', (SELECT count(*) FROM notifications n WHERE n.person_id = v.id AND n.read_at IS NULL),
  'inbox', json_build_object('edges', (
    SELECT coalesce(json_agg(json_build_object('node', json_build_object(
      'id', n.id, 'seq', n.seq, 'topic', n.topic, 'title', n.title->>'zh', 'body', n.body->>'zh',
      'createdAt', n.created_at, 'readAt', n.read_at,
      'subjectPerson', (
        SELECT json_build_object('id', p.id, 'maskedName', left(p.name, 1) || repeat('*', least(char_length(p.name) - 1, 2)))
        FROM people p WHERE p.id = n.subject_person_id AND p.id = v.id),
      'target', json_build_object('kind', 'CITY_CASE', 'id', n.target, 'appLink', 'citygraph://case/' || n.target,
        'miniProgramPath', 'pages/case/index?id=' || n.target)
    )) ORDER BY n.seq DESC), '[]')
    FROM (SELECT * FROM notifications n WHERE n.person_id = v.id ORDER BY n.seq DESC LIMIT 3) n)),
  'myCases', json_build_object('edges', (
    SELECT coalesce(json_agg(json_build_object('node', json_build_object(
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
          'id', e.id, 'seq', e.seq, 'to', e.to_status, 'note', e.note, 'createdAt', e.created_at
        )) ORDER BY e.id), '[]')
        FROM (
          SELECT * FROM case_events e
          WHERE e.city_case_id = c.id AND (e.public OR c.district_id IN (SELECT district_id FROM desks))
          ORDER BY e.id DESC LIMIT 1) e))
    )) ORDER BY c.id DESC), '[]')
    FROM (SELECT * FROM city_cases c WHERE c.reporter_id = v.id ORDER BY c.id DESC LIMIT 3) c
    JOIN case_categories k ON k.id = c.category_id
    JOIN districts d ON d.id = c.district_id)),
  'scenicSpots', json_build_object('edges', (
    SELECT coalesce(json_agg(json_build_object('node', json_build_object(
      'id', s.id, 'name', s.name->>'zh', 'grade', s.grade, 'location', json_build_object('lat', g.lat, 'lng', g.lng)
    )) ORDER BY s.id), '[]')
    FROM (SELECT * FROM scenic_spots ORDER BY id LIMIT 4) s JOIN bench_gcj02 g ON g.id = s.id))
)
FROM viewer v
