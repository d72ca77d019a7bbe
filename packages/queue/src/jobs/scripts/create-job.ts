import { defineScript } from '../../connection/script.js';
import { RECORD } from './record.js';

/**
 * Writes a job's record, unless its Idempotency-Key has made one already, or its data set was removed since the
 * job was resolved against it.
 *
 * Keys: 1 job, 2 jobs of the owner, 3 queued jobs of the engine class, 4 jobs of the data set that are not final,
 *   5 mark of its removal, 6 idempotency (only with a body digest)
 * Arguments: 1 id, 2 created at (ms), 3 channel of changes, 4 body digest or '', 5 digest of the data set,
 *   6 … fields and values of the record
 * Answers: {'created', id} | {'replayed', id} | {'mismatch', id} | {'dataset-removed'}
 */
export const createJob = defineScript(`${RECORD}
local id, createdAt, channel, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if digest ~= '' then
  local first = redis.call('HMGET', KEYS[6], 'digest', 'resource')
  if first[1] == digest then return { 'replayed', first[2] } end
  if first[1] then return { 'mismatch', first[2] } end
end
if redis.call('GET', KEYS[5]) == ARGV[5] then return { 'dataset-removed' } end
if digest ~= '' then
  redis.call('HSET', KEYS[6], 'digest', digest, 'resource', id)
  redis.call('HSET', KEYS[1], 'idempotency', KEYS[6])
end
redis.call('HSET', KEYS[1], 'id', id, 'createdAt', createdAt, 'status', 'queued', 'attempts', 0, 'failures', 0,
  'datasetJobs', KEYS[4], unpack(ARGV, 6))
redis.call('SADD', KEYS[4], id)
redis.call('ZADD', KEYS[2], 0, id)
redis.call('ZADD', KEYS[3], createdAt, id)
changed(KEYS[1], channel)
return { 'created', id }
`);
