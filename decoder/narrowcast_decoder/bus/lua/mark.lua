#!lua
-- Add a mark to a session.
--
-- KEYS  1 the session's row, 2 its marks
-- ARGV  1 the mark, 2 how many a session may have
-- gives its id, or 'unknown' or 'full'

if redis.call('HEXISTS', KEYS[1], 'started_t') == 0 then return 'unknown' end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[2]) then return 'full' end
local id = redis.call('HINCRBY', KEYS[1], 'last_mark_id', 1)
redis.call('HSET', KEYS[2], id, ARGV[1])
return tostring(id)
