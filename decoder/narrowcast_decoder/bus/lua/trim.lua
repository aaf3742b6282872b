#!lua flags=allow-oom
-- Delete the next samples at the beginning of a session, and the marks before what is left;
-- others may write between two calls.
--
-- KEYS  1 totals, 2 the session's row, 3 its stream, 4 its times, 5 its marks
-- ARGV  1 the first id that is kept, 2 most samples to delete, 3 samples of one block of `times`
-- gives how many there were

local row = redis.call('HMGET', KEYS[2], 'first_id', 'last_id', 'last_t')
local first_id, last_id = tonumber(row[1] or 0), tonumber(row[2] or 0)
if first_id == 0 then return 0 end
local kept = math.min(tonumber(ARGV[1]), first_id + tonumber(ARGV[2]), last_id + 1)
if kept <= first_id then return 0 end

local counts = {}
local entries = redis.call('XRANGE', KEYS[3], '-', string.format('%.0f-0', kept - 1))
for _, entry in ipairs(entries) do
  local status = 'n' .. string.sub(entry[2][2], 2, 2)
  counts[status] = (counts[status] or 0) + 1
end
for status, count in pairs(counts) do redis.call('HINCRBY', KEYS[2], status, -count) end
redis.call('HINCRBY', KEYS[1], 'samples', -#entries)
redis.call('XTRIM', KEYS[3], 'MINID', string.format('%.0f-0', kept))
for block = math.floor(first_id / ARGV[3]), math.floor(kept / ARGV[3]) - 1 do
  redis.call('HDEL', KEYS[4], string.format('%.0f', block))
end

local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
local from_t = row[3]
if first then
  from_t = string.match(first[2][2], '^%[%d,%d+,([^,%]]+)')
  redis.call('HSET', KEYS[2], 'first_id', string.match(first[1], '^%d+'), 'first_t', from_t)
else
  redis.call('HSET', KEYS[2], 'first_id', '0')
  redis.call('HDEL', KEYS[2], 'first_t')
end
local marks = redis.call('HGETALL', KEYS[5])
for index = 1, #marks, 2 do
  local t = string.match(marks[index + 1], '^%[([^,]+)')
  if tonumber(t) < tonumber(from_t) then redis.call('HDEL', KEYS[5], marks[index]) end
end
return #entries
