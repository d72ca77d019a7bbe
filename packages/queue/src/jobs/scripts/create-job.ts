import { defineScript } from '../../connection/script.js';
import { RECORD } from './record.js';

/**
 * Writes a job's record, unless its Idempotency-Key has made one already.
 *
 * Keys: 1 job, 2 jobs of the owner, 3 queued jobs of the engine class, 4 idempotency (only with a body digest)
 * Arguments: 1 id, 2 created at (ms), 3 channel of changes, 4 body digest or '', 5 … fields and values of the record
 * Answers: {'created', id} | {'replayed', id} | {'mismatch', id}
 */
export const createJob = defineScript(`${RECORD}
local id, createdAt, channel, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if digest ~= '' then
  local first = redis.call('HMGET', KEYS[4], 'digest', 'resource')
  if first[1] == digest then return { 'replayed', first[2] } end
  if first[1] then return { 'mismatch', first[2] } end
  redis.call('HSET', KEYS[4], 'digest', digest, 'resource', id)
  redis.call('HSET', KEYS[1], 'idempotency', KEYS[4])
end
redis.call('HSET', KEYS[1], 'id', id, 'createdAt', createdAt, 'status', 'queued', 'attempts', 0, 'failures', 0,
  unpack(ARGV, 5))
redis.call('ZADD', KEYS[2], 0, id)
redis.call('ZADD', KEYS[3], createdAt, id)
changed(KEYS[1], channel)
return { 'created', id }
`);
