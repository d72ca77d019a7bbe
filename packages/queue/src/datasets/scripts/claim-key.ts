import { defineScript } from '../../connection/script.js';

/**
 * Claims an Idempotency-Key for a request that takes a while, or renews the claim of this token.
 *
 * Keys: 1 idempotency
 * Arguments: 1 token of the request, 2 how long the claim stands without being renewed (ms)
 * Answers: {'claimed'} | {'in-flight'} | {'made', body digest, resource}
 */
export const claimKey = defineScript(`
local told = redis.call('HMGET', KEYS[1], 'digest', 'resource', 'token')
if told[1] then return { 'made', told[1], told[2] } end
if told[3] and told[3] ~= ARGV[1] then return { 'in-flight' } end
redis.call('HSET', KEYS[1], 'token', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 'claimed' }
`);
