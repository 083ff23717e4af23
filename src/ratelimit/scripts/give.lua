-- Gives hits back, floored at nothing used. A counter that is gone is not made.
-- ARGV: the channel that is told, or ''; each key's description; then for each key: its hash, and hits.

local counters, at = load_counters(2)
for number, counter in ipairs(counters) do
  local hits = tonumber(ARGV[at + number * 2 - 1])
  if hits > 0 then
    give(counter, hits, false)
    store(counter)
    if ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[at + number * 2 - 2]) end
  end
end
return 0
