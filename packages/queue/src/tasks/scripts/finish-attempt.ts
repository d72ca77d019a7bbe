import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * Makes a job final if this attempt still holds its claim: the first terminal write wins. Sent twice it answers
 * the same. A job that is being canceled becomes canceled unless it succeeded before it heard of it.
 *
 * Keys: 1 job, 2 queued jobs, 3 running jobs of the engine class
 * Arguments: 1 token, 2 final status, 3 error (JSON) or '', 4 channel of changes, 5 … fields and values to write
 * Answers: the status written | 'lost'
 */
export const finishAttempt = defineScript(`${RECORD}
local job, token, status, failure = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local told = redis.call('HMGET', job, 'token', 'status', 'ended')
if told[1] ~= token then
  local size = string.len(token)
  if told[3] and string.sub(told[3], 1, size) == token then return string.sub(told[3], size + 2) end
  return 'lost'
end
if told[2] == 'canceling' and status ~= 'succeeded' then status, failure = 'canceled', '' end
if #ARGV > 4 then redis.call('HSET', job, unpack(ARGV, 5)) end
local at = now()
redis.call('HSET', job, 'ended', token .. ' ' .. status)
endAttempt(job, status, failure, at)
conclude(job, KEYS[2], KEYS[3], ARGV[4], status, failure, at)
return status
`);
