-- Decides and counts groups of equal requests over the same keys, all or nothing (R406, R503).
-- ARGV: each key's description; then for each group: 't' or 'd' (owed), how many requests, and what one takes of each key.
-- Answers for each group how many passed, then for each key: available, microseconds to reset, microseconds until one passes (-1: never).

local counters, at = load_counters(1)
local answer = {}
while ARGV[at] do
  local is_owed = ARGV[at] == 'd'
  local count = tonumber(ARGV[at + 1])
  local passed = count
  local costs = {}
  for number, counter in ipairs(counters) do
    local cost = tonumber(ARGV[at + 1 + number])
    costs[number] = cost
    if not is_owed then
      local free = available(counter)
      if cost > 0 then
        passed = math.min(passed, math.max(0, math.floor(free / cost)))
      elseif free < 1 then
        passed = 0
      end
    end
  end
  at = at + 2 + #counters
  answer[#answer + 1] = passed
  for number, counter in ipairs(counters) do
    if is_owed then
      for _ = 1, count do take(counter, costs[number], true) end
    else
      take(counter, passed * costs[number], false)
    end
    answer[#answer + 1] = available(counter)
    answer[#answer + 1] = reset_us(counter)
    answer[#answer + 1] = retry_us(counter, math.max(1, costs[number]))
  end
end
for _, counter in ipairs(counters) do store(counter) end
return answer
