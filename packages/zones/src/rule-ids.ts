/**
 * Every rule of zones, by id. Refusals, code, tests and docs/zones.md cite these ids.
 *
 * @module
 */

/** Id -> what the rule says, in one line. */
export const ruleTexts = {
  'ZONE:1':
    'Only a transaction that the validator has read is signed; raw digests need the dWallet’s opt-in, and no vault has one.',
  'ZONE:2': 'The transaction’s chain is the zone that the request names, and the zone is active.',
  'ZONE:3': 'What happens to one zone changes no zone outside its cluster.',
  'ZONE:4': 'An event counts when it is final by its own zone’s finality rule.',
  'ZONE:5': 'Within every time window, no more leaves a zone than its ceiling for that asset.',
  'ZONE:6': 'Only a zone of role owner or dapp owns an asset.',
  'GOVERNANCE:1': 'A record changes only with the threshold of approvals of its own, current governance keys.',
  'GOVERNANCE:2': 'Versions are gapless and each names the digest of the one before.',
  'GOVERNANCE:3': 'What a record is about never changes.',
  'GOVERNANCE:4': 'An approval is a valid signature over exactly this proposal.',
  'ASSET:1': 'Only the OwnerChain mints or burns.',
  'ASSET:2': 'The ledger keeps the balance of every chain; they add up to the minted supply.',
  'ASSET:3': 'An asset moves only between its OwnerChain and one other chain.',
  'ASSET:4': 'No more is released for a chain than the balance kept for it.',
  'ASSET:5': 'The OwnerChain sends and burns at most what it minted and still has.',
  'ASSET:6': 'One source event is spent once.',
  'ASSET:7': 'Heights are gapless, each entry names the one before, and time does not run backwards.',
  'ASSET:8': 'A vault and a native token belong to one asset.',
  'ASSET:9': 'A vault signs exactly the native transaction that a certified entry describes.',
  'ASSET:10': 'One entry releases once, however often its transaction is asked for.',
  'ASSET:11':
    'An entry says what the validator’s own node saw on the source chain, or what the OwnerChain’s keys ordered.',
  'CLUSTER:1': 'Nonces are gapless per sender and receiver, and a member’s word is final.',
  'CLUSTER:2': 'A member progresses to t only with word from every other member up to t − Δ.',
  'CLUSTER:3': 'A member progresses to t only with every message sent to it up to t − Δ delivered, in order, once.',
  'CLUSTER:4': 'A certificate needs the threshold; each validator counts once and never for two digests.',
  'CLUSTER:5':
    'After a safety fault at T the causal closure of the guilty member’s messages is refused, and all state after T + Δ.',
  'CLUSTER:6': 'A settlement that assumes an event which did not happen is void as a whole.',
  'CLUSTER:7': 'A member’s head counts only if every message it consumed is in its sender’s settled head.',
  'CLUSTER:8':
    'Members join, leave, upgrade and change their configuration only with the approval of the current members.',
  'CLUSTER:9': 'A member whose configuration was not approved leaves the fast path; the others go on.',
  'CLUSTER:10': 'A validator serves a cluster only with a node of its own for every member.',
  'CLUSTER:11': 'Δ is smaller than every member’s settlement time, and a zone is in one cluster at most.',
  'CLUSTER:12': 'A member’s heads form one chain; two at one height are a safety fault.',
} as const;

export type RuleId = keyof typeof ruleTexts;
