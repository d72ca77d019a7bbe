/**
 * Lua functions that the scripts share. A record is a hash with the fields
 *   id, owner, engine, status, revision, createdAt, spec, dataset, metric, method, sweep, tags (one a line), timeoutMs,
 *   expiresAt, startedAt, finishedAt, attempts (how many), attempt:N:{startedAt,finishedAt,outcome,error,worker},
 *   token (of the attempt that runs), ended ("<token> <answer>" of the one that ended last), failures,
 *   progress, error, warnings, estimate, result, artifacts (JSON), idempotency (a key), datasetJobs (the key of the set
 *   of jobs that need the data set; a job leaves it when it becomes final).
 * Times are milliseconds of the epoch. Every change raises `revision` and is told on the channel of changes.
 */
export const RECORD = `
local FINAL = { succeeded = true, failed = true, canceled = true, timed_out = true, expired = true }

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function changed(job, channel)
  local revision = redis.call('HINCRBY', job, 'revision', 1)
  local told = redis.call('HMGET', job, 'id', 'status')
  redis.call('PUBLISH', channel, told[1] .. ' ' .. revision .. ' ' .. told[2])
end

local function endAttempt(job, outcome, failure, at)
  local attempt = 'attempt:' .. redis.call('HGET', job, 'attempts') .. ':'
  redis.call('HSET', job, attempt .. 'outcome', outcome, attempt .. 'finishedAt', at)
  if failure ~= '' then redis.call('HSET', job, attempt .. 'error', failure) end
  redis.call('HDEL', job, 'token')
end

local function conclude(job, queued, running, channel, status, failure, at)
  redis.call('HSET', job, 'status', status, 'finishedAt', at)
  if failure ~= '' then redis.call('HSET', job, 'error', failure) end
  local id = redis.call('HGET', job, 'id')
  redis.call('ZREM', queued, id)
  redis.call('ZREM', running, id)
  local needing = redis.call('HGET', job, 'datasetJobs')
  if needing then redis.call('SREM', needing, id) end
  changed(job, channel)
end

local function putBack(job, queued, running, channel)
  redis.call('HSET', job, 'status', 'queued')
  redis.call('HDEL', job, 'progress')
  local told = redis.call('HMGET', job, 'id', 'createdAt')
  redis.call('ZREM', running, told[1])
  redis.call('ZADD', queued, told[2], told[1])
  changed(job, channel)
end
`;
