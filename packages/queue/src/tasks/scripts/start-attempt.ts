import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * A worker that was handed a job begins an attempt. A former attempt that never ended is lost: whoever holds its
 * token learns so from the next script. Sent twice with one token it begins once.
 *
 * Keys: 1 job, 2 queued jobs, 3 running jobs of the engine class
 * Arguments: 1 id, 2 token of the attempt, 3 worker, 4 most failures, 5 channel of changes,
 *   6 error of a lost attempt, 7 error of a job past its time, 8 error of a job that failed too often (JSON)
 * Answers: {'gone'} | {'final'} | {'concluded', status} | {'started', number, spec, first start, timeout in ms, attempt's start}
 */
export const startAttempt = defineScript(`${RECORD}
local job, queued, running = KEYS[1], KEYS[2], KEYS[3]
local id, token, worker, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local told = redis.call('HMGET', job, 'status', 'token', 'startedAt', 'timeoutMs', 'expiresAt', 'attempts', 'spec')
local status, former, startedAt, timeoutMs, expiresAt = told[1], told[2], told[3], tonumber(told[4]), told[5]
if not status then return { 'gone' } end
if FINAL[status] then return { 'final' } end
local at = now()

if former == token then
  local begun = redis.call('HGET', job, 'attempt:' .. told[6] .. ':startedAt')
  return { 'started', told[6], told[7], startedAt, told[4], begun }
end
if former then
  endAttempt(job, 'lost', ARGV[6], at)
  redis.call('HINCRBY', job, 'failures', 1)
end

local function concluded(as, failure)
  conclude(job, queued, running, channel, as, failure, at)
  return { 'concluded', as }
end
if status == 'canceling' then return concluded('canceled', '') end
if expiresAt and not startedAt and tonumber(expiresAt) <= at then return concluded('expired', '') end
if startedAt and startedAt + timeoutMs <= at then return concluded('timed_out', ARGV[7]) end
if tonumber(redis.call('HGET', job, 'failures')) >= tonumber(ARGV[4]) then return concluded('failed', ARGV[8]) end

local number = redis.call('HINCRBY', job, 'attempts', 1)
local attempt = 'attempt:' .. number .. ':'
redis.call('HSET', job, 'status', 'running', 'token', token, attempt .. 'startedAt', at, attempt .. 'worker', worker)
redis.call('HSETNX', job, 'startedAt', at)
redis.call('HDEL', job, 'progress')
redis.call('ZREM', queued, id)
redis.call('ZADD', running, at, id)
log(job, 'info', 'attempt ' .. number .. ' started by ' .. worker, at)
changed(job, channel)
return { 'started', number, told[7], redis.call('HGET', job, 'startedAt'), told[4], at }
`);
