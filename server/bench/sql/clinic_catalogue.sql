-- $1: session id, $2: page size
WITH viewer AS (
  SELECT s.person_id AS id FROM sessions s
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now()
), ahead AS MATERIALIZED (
  SELECT c.*, row_number() OVER (ORDER BY c.id) AS rank FROM (SELECT * FROM clinics ORDER BY id LIMIT $2 + 1) c
), page AS (
  SELECT * FROM ahead WHERE rank <= $2
)
SELECT
  (SELECT coalesce(json_agg(json_build_object('node', json_build_object(
    'id', c.id, 'name', c.name->>'zh', 'kind', c.kind, 'grade', c.grade->>'zh', 'address', c.address,
    'district', json_build_object('id', d.id, 'name', d.name->>'zh'),
    'location', json_build_object('lat', g.lat, 'lng', g.lng),
    'departments', json_build_object('edges', (
      SELECT coalesce(json_agg(json_build_object('node', json_build_object(
        'id', p.id, 'code', p.code, 'name', p.name->>'zh')) ORDER BY p.id), '[]')
      FROM (SELECT * FROM departments p WHERE p.clinic_id = c.id ORDER BY p.id LIMIT 40) p))
  )) ORDER BY c.id), '[]')
  FROM page c JOIN districts d ON d.id = c.district_id JOIN bench_gcj02 g ON g.id = c.id) AS edges,
  (SELECT count(*) > $2 FROM ahead) AS has_next,
  coalesce((SELECT max(id) FROM page), '') AS last_id
FROM viewer v
