#!lua
-- Store samples of several sessions, all of them or none, and tell who follows them.
--
-- KEYS  1 sessions that go on, 2 sessions that have ended, 3 totals; then of each session its
--       row, its stream, its times and the note of its deletion
-- ARGV  1 Unix time (s), 2 samples of one block of `times`; then of each session its name, its
--       channel, the hold ('' for none) and the number of its samples, and of each of these its
--       id, seq, t and entry
-- gives {'ok'}, or what is wrong and with whom: {'deleted', name}, {'gone', name}, {'replaced', name},
--       {'changed', name, id}, {'left out', name, expected id, id}, {'doubled', name}
--
-- Everything is checked before anything is written, and a script is not interrupted.
-- Numbers stand in Lua's doubles: ids and seqs are below 2^53 (`encoding.py` sees to it).

local OPEN, ENDED, TOTALS = KEYS[1], KEYS[2], KEYS[3]
local NOW, BLOCK = ARGV[1], tonumber(ARGV[2])
local STATUSES = { [0] = 'n0', 'n1', 'n2', 'n3' }

-- Frame numbers without a sample: 'first end start_t end_t;...', in order, `end` not included.
-- start_t is '-' before the first sample of all.
local function read_gaps(text)
  local gaps = {}
  for first, stop, start_t, end_t in string.gmatch(text or '', '(%d+) (%d+) (%S+) (%S+);') do
    gaps[#gaps + 1] = { tonumber(first), tonumber(stop), start_t, end_t }
  end
  return gaps
end

local function write_gaps(gaps)
  local parts = {}
  for index, gap in ipairs(gaps) do
    parts[index] = string.format('%.0f %.0f %s %s;', gap[1], gap[2], gap[3], gap[4])
  end
  return table.concat(parts)
end

-- Take a late frame out of the gap that it fills a place of; false where it is in none.
local function fill(gaps, seq, t)
  for index = #gaps, 1, -1 do
    local gap = gaps[index]
    if seq >= gap[1] then
      if seq >= gap[2] then return false end
      table.remove(gaps, index)
      if seq + 1 < gap[2] then table.insert(gaps, index, { seq + 1, gap[2], t, gap[4] }) end
      if seq > gap[1] then table.insert(gaps, index, { gap[1], seq, gap[3], t }) end
      return true
    end
  end
  return false
end

-- Why nobody may write by a hold; nil where that is the newest. One that is newer than what the
-- server knows was given out before it lost its last writes.
local function refusal(session, hold, deleted)
  if hold == '' then return nil end
  if not session.exists then return redis.call('EXISTS', deleted) == 1 and 'deleted' or 'gone' end
  if tonumber(hold) < tonumber(session.hold or 0) then return 'replaced' end
  session.hold = hold
  return nil
end

local function session_of(name, row_key, stream, times)
  local row = redis.call('HMGET', row_key,
    'hold', 'first_id', 'last_id', 'next_seq', 'last_t', 'ended_t', 'started_t')
  return {
    name = name, row_key = row_key, stream = stream, times = times,
    exists = row[7], hold = row[1], first_id = tonumber(row[2] or 0),
    last_id = tonumber(row[3] or 0), next_seq = tonumber(row[4] or 0), last_t = row[5] or '-',
    ended = row[6], counts = { [0] = 0, 0, 0, 0 }, ids = {}, entries = {}, captured = {},
  }
end

local function is_stored(session, id, entry)
  local found = redis.call('XRANGE', session.stream, id .. '-0', id .. '-0')[1]
  return not found or found[2][2] == entry -- one that is not there was deleted since
end

-- Note one more sample of a session; what is wrong with it, if something is.
local function add(session, id, seq, t, entry)
  local number = tonumber(id)
  if number <= session.last_id then
    if not is_stored(session, id, entry) then return { 'changed', session.name, id } end
    return nil
  end
  local expected = session.last_id + #session.ids + 1
  if number ~= expected then
    return { 'left out', session.name, string.format('%.0f', expected), id }
  end
  seq = tonumber(seq)
  if seq ~= session.next_seq then
    session.gaps = session.gaps or read_gaps(redis.call('HGET', session.row_key, 'gaps') or '')
  end
  if seq >= session.next_seq then
    if seq > session.next_seq then
      table.insert(session.gaps, { session.next_seq, seq, session.last_t, t })
    end
    session.next_seq, session.last_t = seq + 1, t
  elseif not fill(session.gaps, seq, t) then
    return { 'doubled', session.name }
  end
  local status = tonumber(string.sub(entry, 2, 2))
  session.counts[status] = session.counts[status] + 1
  session.ids[#session.ids + 1] = id
  session.entries[#session.entries + 1] = entry
  session.captured[#session.captured + 1] = t
  return nil
end

-- Lowest and highest capture time of each block of ids, so that a time is found without reading
-- the whole series.
local function note_times(session)
  local block, lowest, highest
  local function keep()
    if block then redis.call('HSET', session.times, block, lowest .. ' ' .. highest) end
  end
  for index, id in ipairs(session.ids) do
    local t = session.captured[index]
    local its = string.format('%.0f', math.floor(tonumber(id) / BLOCK))
    if its ~= block then
      keep()
      block = its
      lowest, highest = string.match(redis.call('HGET', session.times, its) or '', '(%S+) (%S+)')
    end
    if not lowest or tonumber(t) < tonumber(lowest) then lowest = t end
    if not highest or tonumber(t) > tonumber(highest) then highest = t end
  end
  keep()
end

local function write(session, channel)
  for index, id in ipairs(session.ids) do
    redis.call('XADD', session.stream, id .. '-0', 's', session.entries[index])
  end
  note_times(session)
  local row = { 'last_id', session.ids[#session.ids], 'last_t', session.last_t,
    'next_seq', string.format('%.0f', session.next_seq), 'written_t', NOW }
  if session.first_id == 0 then
    for _, value in ipairs({ 'first_id', session.ids[1], 'first_t', session.captured[1] }) do
      row[#row + 1] = value
    end
  end
  if session.hold then
    row[#row + 1], row[#row + 2] = 'hold', session.hold
  end
  if not session.exists then
    row[#row + 1], row[#row + 2] = 'started_t', session.captured[1]
  end
  if session.gaps then
    row[#row + 1], row[#row + 2] = 'gaps', write_gaps(session.gaps)
  end
  redis.call('HSET', session.row_key, unpack(row))
  for status = 0, 3 do
    if session.counts[status] > 0 then
      redis.call('HINCRBY', session.row_key, STATUSES[status], session.counts[status])
    end
  end
  redis.call('HINCRBY', TOTALS, 'samples', #session.ids)
  local touched = redis.call('HINCRBY', TOTALS, 'touched', 1)
  redis.call('ZADD', session.ended and ENDED or OPEN, touched, session.name)
  redis.call('PUBLISH', channel, session.ids[1] .. '\n' .. table.concat(session.entries, '\n'))
end

local sessions, channels = {}, {}
local argument, key = 3, 4
while argument <= #ARGV do
  local name, hold, count = ARGV[argument], ARGV[argument + 2], tonumber(ARGV[argument + 3])
  local session = session_of(name, KEYS[key], KEYS[key + 1], KEYS[key + 2])
  local refused = refusal(session, hold, KEYS[key + 3])
  if refused then return { refused, name } end
  local first = argument + 4
  for at = first, first + 4 * (count - 1), 4 do
    local wrong = add(session, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
    if wrong then return wrong end
  end
  sessions[#sessions + 1], channels[#channels + 1] = session, ARGV[argument + 1]
  argument, key = first + 4 * count, key + 4
end

for index, session in ipairs(sessions) do
  if #session.ids > 0 then write(session, channels[index]) end
end
return { 'ok' }
