#!lua flags=allow-oom
-- Delete a session, its samples and its marks.
--
-- KEYS  1 sessions that go on, 2 sessions that have ended, 3 totals, 4 the session's row, 5 its
--       stream, 6 its times, 7 the note of its deletion, 8 its marks
-- ARGV  1 name, 2 Unix time (s) since which it was not written to ('' for any), 3 channel of events,
--       4 for how long the deletion is noted (ms)
-- gives 1, or 0 where there is none to be deleted

local row = redis.call('HMGET', KEYS[4], 'written_t', 'hold', 'started_t', 'n0', 'n1', 'n2', 'n3')
if not row[3] then return 0 end
if ARGV[2] ~= '' and tonumber(row[1]) >= tonumber(ARGV[2]) then return 0 end
local samples = 0
for index = 4, 7 do samples = samples + tonumber(row[index] or 0) end
redis.call('UNLINK', KEYS[4], KEYS[5], KEYS[6], KEYS[8])
redis.call('SET', KEYS[7], '1', 'PX', ARGV[4])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HINCRBY', KEYS[3], 'samples', -samples)
redis.call('PUBLISH', ARGV[3], 'deleted ' .. (row[2] or '0') .. ' ' .. ARGV[1])
return 1
