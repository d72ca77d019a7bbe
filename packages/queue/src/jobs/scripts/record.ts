/** What is kept of the events of a job, of a final job (for an hour), of all of an owner's jobs, and of a job's log. */
const JOB_EVENTS = 256;
const FINAL_EVENTS = 64;
const FINAL_EVENTS_MS = 3600_000;
const OWNER_EVENTS = 10_000;
const JOB_LOGS = 200;
const LOG_BYTES = 1000;

/**
 * Lua functions that the scripts share. A record is a hash with the fields
 *   id, owner, engine, status, revision, createdAt, spec, dataset, metric, method, sweep, tags (one a line), timeoutMs,
 *   expiresAt, startedAt, finishedAt, attempts (how many), attempt:N:{startedAt,finishedAt,outcome,error,worker},
 *   token (of the attempt that runs), ended ("<token> <answer>" of the one that ended last), failures,
 *   progress, error, warnings, estimate, result, artifacts (JSON), idempotency (a key), datasetJobs (the key of the set
 *   of jobs that need the data set; a job leaves it when it becomes final), events, logs, ownerEvents (keys of streams),
 *   eventSeq (number of the job's last event).
 * Times are milliseconds of the epoch. Every change raises `revision`, is written to the streams of events in the same
 * script, and told on the channel of changes. An event's id is 0-n, n one more than the last one's, so that readers
 * see when some are no longer kept.
 */
export const RECORD = `
local FINAL = { succeeded = true, failed = true, canceled = true, timed_out = true, expired = true }
local GOOD = { succeeded = true, canceled = true, released = true }

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function emit(job, ...)
  local told = redis.call('HMGET', job, 'id', 'events', 'ownerEvents')
  if not told[2] then return end
  local seq = redis.call('HINCRBY', job, 'eventSeq', 1)
  redis.call('XADD', told[2], 'MAXLEN', ${JOB_EVENTS}, '0-' .. seq, 'job', told[1], ...)
  local ownerSeq = redis.call('INCR', told[3] .. ':last')
  redis.call('XADD', told[3], 'MAXLEN', '~', ${OWNER_EVENTS}, '0-' .. ownerSeq, 'job', told[1], ...)
end

-- Told of by the change that follows it.
local function log(job, level, message, at)
  local logs = redis.call('HGET', job, 'logs')
  if not logs then return end
  redis.call('XADD', logs, 'MAXLEN', ${JOB_LOGS}, '*', 'level', level, 'message', message, 'time', at)
  emit(job, 'type', 'log', 'level', level, 'message', message, 'time', at)
end

local function changed(job, channel, progress)
  local revision = redis.call('HINCRBY', job, 'revision', 1)
  local told = redis.call('HMGET', job, 'id', 'status', 'owner', 'error')
  if progress then
    emit(job, 'type', 'progress', 'revision', revision, 'progress', progress)
  else
    local failure = FINAL[told[2]] and told[4] or ''
    emit(job, 'type', 'status', 'revision', revision, 'status', told[2], 'error', failure)
  end
  redis.call('PUBLISH', channel, told[1] .. ' ' .. revision .. ' ' .. told[2] .. ' ' .. told[3])
end

local function endAttempt(job, outcome, failure, at)
  local number = redis.call('HGET', job, 'attempts')
  local attempt = 'attempt:' .. number .. ':'
  redis.call('HSET', job, attempt .. 'outcome', outcome, attempt .. 'finishedAt', at)
  if failure ~= '' then redis.call('HSET', job, attempt .. 'error', failure) end
  redis.call('HDEL', job, 'token')
  local why = failure ~= '' and ': ' .. string.sub(cjson.decode(failure).detail or '', 1, ${LOG_BYTES}) or ''
  log(job, GOOD[outcome] and 'info' or 'warn', 'attempt ' .. number .. ' ' .. outcome .. why, at)
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
  local events = redis.call('HGET', job, 'events')
  if events then
    redis.call('XTRIM', events, 'MAXLEN', ${FINAL_EVENTS})
    redis.call('PEXPIRE', events, ${FINAL_EVENTS_MS})
  end
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
