#!lua
-- Whose turn a task is that only one decoder at a time does.
--
-- KEYS  1 the task's turn
-- ARGV  1 the decoder that asks, 2 for how long (ms)
-- gives 1 where it is this decoder's, 0 where it is another's

local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
