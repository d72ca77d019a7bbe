import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * Ends an attempt so that another may follow: after a fault that may pass (it counts against the bound, and at the
 * bound the job fails with it) or because the worker stops (it does not count). Sent twice it answers the same.
 *
 * Keys: 1 job, 2 queued jobs, 3 running jobs of the engine class
 * Arguments: 1 token, 2 outcome of the attempt ('failed' | 'released'), 3 error (JSON) or '', 4 most failures,
 *   5 channel of changes
 * Answers: {status, failures so far}: 'queued' | 'failed' | 'canceled' | 'lost'
 */
export const giveBack = defineScript(`${RECORD}
local job, token, outcome, failure = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local told = redis.call('HMGET', job, 'token', 'status', 'ended', 'failures')
local failures = tonumber(told[4] or 0)
if told[1] ~= token then
  local size = string.len(token)
  if told[3] and string.sub(told[3], 1, size) == token then return { string.sub(told[3], size + 2), failures } end
  return { 'lost', failures }
end
local at = now()
if outcome == 'failed' then failures = redis.call('HINCRBY', job, 'failures', 1) end

local function ended(status)
  redis.call('HSET', job, 'ended', token .. ' ' .. status)
  return { status, failures }
end
if told[2] == 'canceling' then
  endAttempt(job, 'canceled', '', at)
  conclude(job, KEYS[2], KEYS[3], ARGV[5], 'canceled', '', at)
  return ended('canceled')
end
endAttempt(job, outcome, failure, at)
if outcome == 'failed' and failures >= tonumber(ARGV[4]) then
  conclude(job, KEYS[2], KEYS[3], ARGV[5], 'failed', failure, at)
  return ended('failed')
end
putBack(job, KEYS[2], KEYS[3], ARGV[5])
return ended('queued')
`);
