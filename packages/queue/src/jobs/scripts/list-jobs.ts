import { defineScript } from '../../connection/script.js';

/**
 * Walks an owner's jobs from the newest and picks those that pass the filters, looking at no more than a budget
 * of records, so that a rare filter never holds the server up.
 *
 * Keys: 1 jobs of the owner
 * Arguments: 1 key of a job without its id, 2 where to start, 3 where to stop (both as ZREVRANGEBYLEX takes them),
 *   4 most ids to pick, 5 most records to look at, 6 filters as JSON: field → values of which one must fit
 * Answers: {last id looked at, or '' at the end, id, id, …}
 */
export const listJobs = defineScript(`
local wanted = {}
for field, values in pairs(cjson.decode(ARGV[6])) do
  local set = {}
  for _, value in ipairs(values) do set[value] = true end
  wanted[field] = set
end

local function fits(id)
  for field, set in pairs(wanted) do
    local value = redis.call('HGET', ARGV[1] .. id, field)
    if not value then return false end
    local found = set[value]
    if field == 'tags' then
      for tag in string.gmatch(value, '[^\\n]+') do found = found or set[tag] end
    end
    if not found then return false end
  end
  return true
end

local limit, budget = tonumber(ARGV[4]), tonumber(ARGV[5])
local from, picked, last = ARGV[2], {}, ''
while budget > 0 do
  local ids = redis.call('ZREVRANGEBYLEX', KEYS[1], from, ARGV[3], 'LIMIT', 0, math.min(100, budget))
  for _, id in ipairs(ids) do
    last = id
    if fits(id) then table.insert(picked, id) end
    if #picked == limit then return { last, unpack(picked) } end
  end
  if #ids < math.min(100, budget) then return { '', unpack(picked) } end
  budget = budget - #ids
  from = '(' .. last
end
return { last, unpack(picked) }
`);
