import { defineScript } from '../../connection/script.js';

/**
 * Writes down what the request that claimed an Idempotency-Key made; the key then stays as long as that does.
 *
 * Keys: 1 idempotency, 2 idempotency keys of the data set
 * Arguments: 1 token of the request, 2 body digest, 3 data set
 * Answers: 'settled' | 'lost'
 */
export const settleKey = defineScript(`
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'lost' end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'digest', ARGV[2], 'resource', ARGV[3], 'madeAt', time[1] .. '000')
redis.call('HDEL', KEYS[1], 'token')
redis.call('PERSIST', KEYS[1])
redis.call('SADD', KEYS[2], KEYS[1])
return 'settled'
`);
