/**
 * The figures that `npm run bench` measures, in the order of its tables.
 *
 * @module
 */

/** CPU time of one party for one act. */
export const costSections = [
  {
    title: 'unit and tables, once per process',
    figures: {
      power: 'P: one 1000-bit power, variable base and time',
      'table-h': 'comb table of h',
      'table-shares': 'comb table of h for long shares (network DKG, n > 4)',
      'table-setup': 'comb tables of pk, ct_0, ct_1 (validator)',
      'table-share': 'comb table of the own verification key (validator)',
    },
  },
  {
    title: 'network DKG, per validator',
    figures: {
      'network-dkg.register': 'register',
      'network-dkg.verify-registrations': 'verify all registrations',
      'network-dkg.deal': 'deal',
      'network-dkg.verify-deals': 'verify all deals',
      'network-dkg.acknowledge': 'open and check the own shares, acknowledge',
      'network-dkg.judge': 'judge all acknowledgements',
      'network-dkg.finalize': 'network key, verification keys, own shares',
      'network-dkg.rehearse': 'rehearse: one proved decryption share',
      'network-dkg.confirm': 'verify all proved shares, combine',
      'network-dkg.total': 'sum',
    },
  },
  {
    title: 'network setup, per validator',
    figures: {
      'setup.contribute': 'contribute',
      'setup.aggregate': 'verify all contributions, aggregate',
      'setup.open': 'client: open the certified setup',
    },
  },
  {
    title: 'user DKG',
    figures: {
      'user.key': 'client: user encryption key, registration',
      'user.verify-key': 'validator: verify the registration',
      'user.create': 'client: user share, encryption, proofs',
      'user.verify': 'validator: verify the message, derive the record',
      'user.accept': 'client: check the network, decrypt, accept',
    },
  },
  {
    title: 'presign, per presign and validator',
    figures: {
      'presign.round-1': 'round 1: encrypt the mask, prove',
      'presign.round-2': 'round 2: verify all masks, aggregate',
      'presign.round-3': 'round 3: encrypt the nonces, prove',
      'presign.finalize': 'finalise: verify all nonces, aggregate',
      'presign.total': 'sum',
    },
  },
  {
    title: 'sign',
    figures: {
      'sign.client': 'client: check the presign, make the message',
      'sign.verify': 'validator: verify the message',
      'sign.decrypt': 'validator: partial decryption of both ciphertexts',
      'sign.parse': 'leader: parse t decryption shares',
      'sign.combine': 'leader: combine, complete and verify the signature',
      'sign.prove': 'validator: the same with a proof (after a bad share)',
      'sign.verify-proof': 'leader: parse and verify one proved share',
    },
  },
] as const;

/** Bytes of one message of one party, without its signed envelope. */
export const sizeSections = [
  {
    title: 'bytes, without the signed envelope of about 190 bytes',
    figures: {
      'network-dkg.sent': 'network DKG: sent by one validator in all rounds',
      'network-dkg.deal': 'network DKG: of these, the deal',
      'setup.contribute': 'network setup: contribution of a validator',
      'user.key': 'user encryption key: registration',
      'user.create': 'user DKG: client message',
      'presign.round-1': 'presign round 1, per presign and validator',
      'presign.round-2': 'presign round 2, whole batch',
      'presign.round-3': 'presign round 3, per presign and validator',
      'presign.record': 'presign as stored and handed out',
      'sign.client': 'sign: client message',
      'sign.decrypt': 'sign: decryption shares of a validator',
      'sign.prove': 'sign: proved decryption shares of a validator',
    },
  },
] as const;

/** Counts that qualify the others. */
export const countSections = [{ title: 'counts', figures: { 'presign.batch': 'presigns in a batch' } }] as const;

type FiguresOf<S extends readonly { readonly figures: object }[]> = S[number] extends infer U
  ? U extends { readonly figures: infer F }
    ? Extract<keyof F, string>
    : never
  : never;

export type CostFigure = FiguresOf<typeof costSections>;
export type SizeFigure = FiguresOf<typeof sizeSections>;
export type CountFigure = FiguresOf<typeof countSections>;

/** Figures that are sums of the medians of others. */
export const sums: Readonly<Partial<Record<CostFigure, readonly CostFigure[]>>> = {
  'network-dkg.total': [
    'network-dkg.register',
    'network-dkg.verify-registrations',
    'network-dkg.deal',
    'network-dkg.verify-deals',
    'network-dkg.acknowledge',
    'network-dkg.judge',
    'network-dkg.finalize',
    'network-dkg.rehearse',
    'network-dkg.confirm',
  ],
  'presign.total': ['presign.round-1', 'presign.round-2', 'presign.round-3', 'presign.finalize'],
};
