/**
 * What is done to a claim's key on Redis, each as one step that nothing comes between.
 *
 * The key holds `claim:TOKEN` while a planner works on the target and `cooldown:TOKEN` afterwards,
 * and has a TTL at every moment. Each script may run twice with the same result, so one whose reply
 * got lost can be sent again. Redis 5 or later; EVAL needs fewer rights than EVALSHA and EVAL.
 *
 * @module
 */

/** Every key begins so; the user's key pattern is this and a star. */
export const CLAIM_PREFIX = "planner:claim:";

/** Commands that a user needs besides its keys; AUTH is always allowed. */
export const CLAIM_COMMANDS = ["eval", "get", "set", "pttl", "pexpire", "del"] as const;

/** Reads what is in the key; a key of another type is nobody's claim. */
const FOUND = `
local key, claim, cooldown = KEYS[1], 'claim:' .. ARGV[1], 'cooldown:' .. ARGV[1]
local found = redis.pcall('GET', key)
if type(found) == 'table' then
  if not string.find(found.err, 'WRONGTYPE', 1, true) then return found end
  found = 'foreign'
end
`;

/**
 * Takes the key. ARGV: token, TTL in ms, how the planner's own claims begin ("" for none), and what
 * else is replaced (optional). Replies `{"claimed"}`, or `{"taken" | "cooling", ms left, what is in
 * it}`. What has no TTL was not written here, and is replaced; so is an own claim, as a planner
 * works on a target once at a time: it was left by a crash.
 */
export const CLAIM = `${FOUND}
if redis.call('SET', key, claim, 'NX', 'PX', ARGV[2]) then return {'claimed'} end
local left = redis.call('PTTL', key)
local own = ARGV[3] and ARGV[3] ~= '' and string.sub(found, 1, #ARGV[3]) == ARGV[3]
if left > 0 and found ~= claim and found ~= 'foreign' and not own and found ~= ARGV[4] then
  local kind = string.sub(found, 1, 9) == 'cooldown:' and 'cooling' or 'taken'
  return {kind, left, string.sub(found, 1, 400)}
end
redis.call('SET', key, claim, 'PX', ARGV[2])
return {'claimed'}
`;

/**
 * Keeps a claim for at least so long. ARGV: token, ms. Replies 1, or 0 when it is another's. A key
 * that is merely gone, as while Redis was away for longer than its TTL, is nobody's and taken anew.
 */
export const KEEP = `${FOUND}
if not found then
  redis.call('SET', key, claim, 'PX', ARGV[2])
  return 1
end
if found ~= claim then return 0 end
if redis.call('PTTL', key) < tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[2]) end
return 1
`;

/**
 * Turns a claim, or what is left of it, into the cooldown. ARGV: token, ms, "1" when there is a
 * proposal: it outranks a claim of somebody who has none yet, and who learns so before writing; and
 * how the planner's own claims begin ("" for none), since a crash may have left one. Replies 1, or 0
 * when the key is another's.
 */
export const SETTLE = `${FOUND}
if found and found ~= claim and found ~= cooldown then
  local own = ARGV[4] ~= '' and string.sub(found, 1, #ARGV[4]) == ARGV[4]
  local cools = string.sub(found, 1, 9) == 'cooldown:'
  local stays = cools and redis.call('PTTL', key) >= tonumber(ARGV[2])
  if not own and (ARGV[3] ~= '1' or stays) then return 0 end
end
redis.call('SET', key, cooldown, 'PX', ARGV[2])
return 1
`;

/** Gives a claim back. ARGV: token. Replies 1, or 0 when it is not ours. */
export const RELEASE = `${FOUND}
if found ~= claim then return 0 end
return redis.call('DEL', key)
`;

/** Whether all of the above would be let through, on a key of its own. ARGV: any value, TTL. */
export const REHEARSE = `
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
redis.call('GET', KEYS[1])
redis.call('PTTL', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('DEL', KEYS[1])
`;

/** Whether anybody answers; changes nothing. */
export const LOOK = "return redis.call('PTTL', KEYS[1])";
