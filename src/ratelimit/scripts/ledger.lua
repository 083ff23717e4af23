-- R703: a budget that holders divide: the transcription of src/ratelimit/algorithms/ledger.ts.
-- ARGV: holder, limit, burst, share, wanted burst, demand, ttl ms, 1 where the smaller assignment is confirmed.
-- Answers: share, burst, free share, free burst; then for each live holder: name, share, burst, demand.

local GRACE = 2000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local holder = ARGV[1]
local limit, burst, share, wanted = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local function whole(number)
  return string.format('%.0f', number)
end

local holders = {}
local names = {}
local gone = {}
local fields = redis.call('HGETALL', KEYS[1])
for at = 1, #fields, 2 do
  local numbers = {}
  for number in string.gmatch(fields[at + 1], '[^:]+') do numbers[#numbers + 1] = tonumber(number) end
  local entry = {
    share = numbers[1], burst = numbers[2], held_share = numbers[3], held_burst = numbers[4],
    held_until = numbers[5], till = numbers[6], demand = numbers[7],
  }
  if entry.held_until > 0 and now >= entry.held_until + GRACE then
    entry.held_share, entry.held_burst, entry.held_until = entry.share, entry.burst, 0
  end
  if now < entry.till + GRACE then
    holders[fields[at]] = entry
  else
    gone[#gone + 1] = fields[at]
  end
end

local own = holders[holder] or { share = 0, burst = 0, held_share = 0, held_burst = 0, held_until = 0, till = 0 }
if ARGV[8] == '1' then own.held_share, own.held_burst, own.held_until = own.share, own.burst, 0 end
local free_share, free_burst = limit, burst
for name, entry in pairs(holders) do
  if name ~= holder then
    free_share = free_share - entry.held_share
    free_burst = free_burst - entry.held_burst
  end
end
share = math.min(share, math.max(own.held_share, free_share))
wanted = math.min(wanted, math.max(own.held_burst, free_burst))
local is_smaller = share < own.held_share or wanted < own.held_burst
own.held_until = is_smaller and math.max(own.held_until, own.till) or 0
own.share, own.burst = share, wanted
own.held_share, own.held_burst = math.max(share, own.held_share), math.max(wanted, own.held_burst)
own.till = now + tonumber(ARGV[7])
own.demand = tonumber(ARGV[6])
holders[holder] = own

if own.held_share == 0 and own.held_burst == 0 then
  holders[holder] = nil
  gone[#gone + 1] = holder
end
-- Before what is written: the claimant may be one of those whose time was over.
for _, name in ipairs(gone) do redis.call('HDEL', KEYS[1], name) end
if holders[holder] then
  redis.call('HSET', KEYS[1], holder, table.concat({
    whole(own.share), whole(own.burst), whole(own.held_share), whole(own.held_burst), whole(own.held_until), whole(own.till),
    tostring(own.demand),
  }, ':'))
end
local last = now
for name, entry in pairs(holders) do
  names[#names + 1] = name
  last = math.max(last, entry.till, entry.held_until)
end
if #names > 0 then redis.call('PEXPIRE', KEYS[1], whole(last - now + GRACE)) end
table.sort(names)
local answer = {
  share, wanted,
  math.max(0, free_share - own.held_share), math.max(0, free_burst - own.held_burst),
}
for _, name in ipairs(names) do
  local entry = holders[name]
  answer[#answer + 1] = name
  answer[#answer + 1] = entry.share
  answer[#answer + 1] = entry.burst
  answer[#answer + 1] = tostring(entry.demand)
end
return answer
